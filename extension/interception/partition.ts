/**
 * Which hosts have cookies in the partition of the watched tab's site. A pause does not report those cookies, and to ask
 * the browser for them takes a millisecond: so only a payment to such a host waits for that.
 */
import { siteOf } from "../core/origin";

type Change = chrome.cookies.CookieChangeInfo;

export class Partition {
  /** Domains of cookies that came since `enter`, and of those that were there before. */
  #domains = new Set<string>();
  #site: string | null = null;
  #known = false;
  /** Counts `leave`s: what was asked before one is no answer after it. */
  #turn = 0;
  #changed = ({ cookie }: Change) => {
    if (cookie.partitionKey?.topLevelSite === this.#site) this.#domains.add(cookie.domain);
  };

  /** The tab's page is of `origin` now. */
  async enter(origin: string): Promise<void> {
    this.leave();
    const turn = this.#turn;
    const site = siteOf(origin);
    this.#site = site;
    chrome.cookies.onChanged.addListener(this.#changed);
    const there = await chrome.cookies.getAll({ partitionKey: { topLevelSite: site } }).catch(() => null);
    if (!there || this.#turn !== turn) return;
    for (const { domain } of there) this.#domains.add(domain);
    this.#known = true;
  }

  /** Another document is about to come, or nothing is watched any more. */
  leave(): void {
    chrome.cookies.onChanged.removeListener(this.#changed);
    this.#turn += 1;
    this.#site = null;
    this.#known = false;
    this.#domains.clear();
  }

  /** Whether one of its cookies may belong to a request to `url`; true as long as that is not known. */
  concerns(url: string): boolean {
    const host = `.${new URL(url).hostname}`;
    return !this.#known || [...this.#domains].some((domain) => host.endsWith(domain.startsWith(".") ? domain : `.${domain}`));
  }
}

/** A worker that was stopped leaves its listener with the browser, which would start the next one at every cookie. Removing any removes it. */
export function dropListener(): void {
  const none = () => undefined;
  chrome.cookies.onChanged.addListener(none);
  chrome.cookies.onChanged.removeListener(none);
}
