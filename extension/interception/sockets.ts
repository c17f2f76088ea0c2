/**
 * Which tabs have WebSockets. Only there are their frames listened to: the debugger reports them together with every step
 * of every request, which costs each of the page's requests more than a millisecond.
 */
const KEY = "sockets";
/** The browser's name for where there is no tab: service and shared workers. */
const NO_TAB = -1;
const SOCKETS = { urls: ["ws://*/*", "wss://*/*"] };

/** What a watch asks. */
export type HasSockets = Pick<Sockets, "in">;

export class Sockets {
  #tabs = new Set<number>();
  /** Settles when it is known which there were before this worker started. */
  readonly loaded = this.#load();

  /** Make it as soon as the worker starts. `first` hears of the first one in a tab, or with null in a worker of no tab. */
  constructor(first: (tabId: number | null) => void) {
    chrome.webRequest.onBeforeRequest.addListener(({ tabId }) => {
      if (this.#tabs.has(tabId)) return undefined;
      this.#tabs.add(tabId);
      this.#keep();
      first(tabId === NO_TAB ? null : tabId);
      return undefined;
    }, SOCKETS);
    chrome.tabs.onRemoved.addListener((tabId) => {
      if (this.#tabs.delete(tabId)) this.#keep();
    });
  }

  /** Whether one was opened in the tab, or with null in a worker of no tab; those that were closed since count as well. */
  in(tabId: number | null): boolean {
    return this.#tabs.has(tabId ?? NO_TAB);
  }

  #keep(): void {
    void chrome.storage.session.set({ [KEY]: [...this.#tabs] });
  }

  // Nothing was kept before the first start: the tabs that are open then may have some.
  async #load(): Promise<void> {
    const { [KEY]: kept } = await chrome.storage.session.get<{ [KEY]?: number[] }>(KEY);
    const before = kept ?? [NO_TAB, ...(await chrome.tabs.query({})).map(({ id }) => id ?? NO_TAB)];
    for (const tabId of before) this.#tabs.add(tabId);
    this.#keep();
  }
}
