/** The one way into the worker: ports from our own popup and options pages. Content scripts, pages and other extensions get nothing. */
import { type AppState, type Ask, PORT_NAME, type Requests, type Tell } from "../ui/wire";

export type Handlers = { [Name in keyof Requests]: (ask: Requests[Name]["ask"], page: Page) => Promise<Requests[Name]["answer"]> };

/** One open page. `asserting` is the release whose passkey prompt it shows. */
export interface Page {
  kind: "popup" | "options";
  asserting: string | null;
}

const PAGES: Record<string, Page["kind"]> = { "/popup.html": "popup", "/options.html": "options", "/welcome.html": "options" };

/** Which of our pages `sender` is, or null. */
export function pageOf(sender: chrome.runtime.MessageSender | undefined): Page["kind"] | null {
  const own = new URL(chrome.runtime.getURL("/"));
  if (sender?.id !== chrome.runtime.id || !sender.url || !URL.canParse(sender.url)) return null;
  const url = new URL(sender.url);
  if (url.protocol !== own.protocol || url.host !== own.host || (sender.origin !== undefined && sender.origin !== own.href.slice(0, -1))) return null;
  return PAGES[url.pathname] ?? null;
}

export class Door {
  #pages = new Map<chrome.runtime.Port, Page>();

  constructor(
    private readonly handlers: Handlers,
    private readonly state: () => Promise<AppState>,
    private readonly left: (page: Page) => void,
  ) {
    chrome.runtime.onConnect.addListener((port) => this.#connected(port));
  }

  /** Whether a popup is open somewhere. */
  get watched(): boolean {
    return [...this.#pages.values()].some(({ kind }) => kind === "popup");
  }

  /** Tell every page what is to be shown now. */
  async show(): Promise<void> {
    if (this.#pages.size === 0) return;
    const state = await this.state();
    for (const port of this.#pages.keys()) tell(port, { state });
  }

  #connected(port: chrome.runtime.Port): void {
    const kind = pageOf(port.sender);
    if (!kind || port.name !== PORT_NAME) return port.disconnect();
    const page: Page = { kind, asserting: null };
    this.#pages.set(port, page);
    port.onMessage.addListener((message: Ask) => void this.#asked(port, page, message));
    port.onDisconnect.addListener(() => {
      this.#pages.delete(port);
      this.left(page);
    });
    void this.state().then((state) => tell(port, { state }));
  }

  async #asked(port: chrome.runtime.Port, page: Page, { n, name, ask }: Ask): Promise<void> {
    try {
      if (!Object.hasOwn(this.handlers, name)) throw new TypeError("unknown request");
      const handler = this.handlers[name] as (ask: unknown, page: Page) => Promise<unknown>;
      tell(port, { n, answer: await handler(ask, page) });
    } catch (error) {
      tell(port, { n, error: error instanceof Error ? error.message : "Something failed inside the extension." });
    }
  }
}

function tell(port: chrome.runtime.Port, message: Tell): void {
  try {
    port.postMessage(message);
  } catch {
    // The page closed in between.
  }
}
