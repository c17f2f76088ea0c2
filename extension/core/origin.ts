/** Web origins: parsed strictly, compared exactly, shown with the registrable domain apart. Twin of broker/core/origin.py. */
import punycode from "punycode/punycode.es6.js";
import { getDomain } from "tldts";
import { looksLike, mixesAlphabets } from "./lookalike";

// As messages carry it (`Origin` in broker/protocol/wire.py): browsers take hosts that no message may name.
const NAMEABLE = /^https?:\/\/[a-z0-9.\-[\]:]{1,260}$/;

/** The origin of an http(s) URL, or null for anything else, for user information, for what is not plain ASCII and for hosts of other characters. */
export function parseOrigin(text: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes("\\")) return null;
  const match = /^(https?):\/\/([^/?#]*)/i.exec(text);
  if (!match || match[2]?.includes("@") || !URL.canParse(text)) return null;
  const { origin, protocol } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && NAMEABLE.test(origin) ? origin : null;
}

/** Whether two addresses are of one site: the same scheme and registrable domain. Browsers judge cookies by it. */
export function sameSite(one: string, other: string): boolean {
  return siteOf(one) === siteOf(other);
}

/** Scheme and registrable domain, as browsers write a site. */
export function siteOf(address: string): string {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${getDomain(hostname, { allowPrivateDomains: true }) ?? hostname}`;
}

/**
 * An origin cut for display: `before` + `domain` (registrable, to be emphasised) + `after`; `unicode` when the host has `xn--`
 * labels, and then `twin`: the plain host it can be taken for, or "" when it mixes alphabets, or null when it does neither.
 */
export interface ShownOrigin {
  origin: string;
  before: string;
  domain: string;
  after: string;
  unicode: string | null;
  twin: string | null;
}

export function shownOrigin(origin: string): ShownOrigin {
  const url = new URL(origin);
  const host = url.hostname;
  const domain = getDomain(host, { allowPrivateDomains: true }) ?? host;
  const scheme = url.protocol === "https:" ? "" : `${url.protocol}//`;
  const unicode = /(^|\.)xn--/.test(host) ? unicodeHost(host) : null;
  return {
    origin,
    before: scheme + host.slice(0, host.length - domain.length),
    domain,
    after: url.port ? `:${url.port}` : "",
    unicode,
    twin: unicode && (looksLike(unicode) ?? (mixesAlphabets(unicode) ? "" : null)),
  };
}

function unicodeHost(host: string): string {
  try {
    return punycode.toUnicode(host);
  } catch {
    return host;
  }
}
