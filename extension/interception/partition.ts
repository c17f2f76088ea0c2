/**
 * Which hosts have cookies in the partition of the watched tab's site. A pause does not report those cookies, and to ask
 * the browser for them takes a millisecond: so only a payment to such a host waits for that.
 */
import { siteOf } from "../core/origin";

export class Partition {
  /** Domains of cookies that came since `enter`, and of those that were there before. */
  #domains = new Set<string>();
  #site: string | null = null;
  #known = false;
  #changed = ({ cookie }: chrome.cookies.CookieChangeInfo) => {
    if (cookie.partitionKey?.topLevelSite === this.#site) this.#domains.add(cookie.domain);
  };

  /** The tab's page is of `origin` now. */
  async enter(origin: string): Promise<void> {
    this.leave();
    const site = siteOf(origin);
    this.#site = site;
    chrome.cookies.onChanged.addListener(this.#changed);
    const there = await chrome.cookies.getAll({ partitionKey: { topLevelSite: site } }).catch(() => null);
    if (!there || this.#site !== site) return;
    for (const { domain } of there) this.#domains.add(domain);
    this.#known = true;
  }

  /** Another document is about to come, or nothing is watched any more. */
  leave(): void {
    chrome.cookies.onChanged.removeListener(this.#changed);
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
