/** The headers of a Send: as the browser reports them, with the cookies it would send. */
import { command } from "./debuggee";
import type { Cookie, RequestPaused } from "./events";
import type { Partition } from "./partition";
import { header, isWorker, type Seat, type Sender } from "./sender";

/** Name and value of each header. `partitioned` are the cookies that the reported `Cookie` leaves out; without `unpartitioned` they are all. */
export function headersOf({ request }: RequestPaused, sender: Sender, partitioned: string[], unpartitioned: boolean): [string, string][] {
  const reported = Object.entries(request.headers);
  const others = reported.filter(([name]) => name.toLowerCase() !== "cookie");
  const cookie = reported.find(([name]) => name.toLowerCase() === "cookie")?.[1];
  const added = mayCarryCookies(cookie, sender, request.url) ? partitioned : [];
  const line = [unpartitioned ? cookie : undefined, ...added].filter((part) => part !== undefined).join("; ");
  const languages: [string, string][] = others.some(([name]) => name.toLowerCase() === "accept-language") ? [] : [["Accept-Language", acceptLanguage(navigator.languages)]];
  return [...others, ...languages, ...(line ? [["Cookie", line] as [string, string]] : [])];
}

/** As the browser writes it on the way out: each language after the first weighs a tenth less. */
export function acceptLanguage(languages: readonly string[]): string {
  const wanted = languages.flatMap((language) => [language, language.split("-")[0] ?? language]);
  return [...new Set(wanted)].map((language, at) => (at === 0 ? language : `${language};q=${Math.max(0.1, 1 - at / 10).toFixed(1)}`)).join(",");
}

/** Without a reported cookie nothing tells `credentials: "omit"` from an empty store: then only where cookies are the default. */
function mayCarryCookies(reported: string | undefined, sender: Sender, url: string): boolean {
  const byDefault = sender.resourceType === "document" || sender.resourceType === "frame" || new URL(url).origin === sender.frameOrigin;
  return reported !== undefined || byDefault;
}

/**
 * `name=value` of the cookies in this frame's partition. The `Cookie` that comes with a pause follows credentials mode
 * and SameSite, but leaves partitioned cookies out (measured, Chromium 156).
 */
export async function partitionedCookies(partition: Partition, seat: Seat, event: RequestPaused): Promise<string[]> {
  const from = header(event, "origin");
  // `mayCarryCookies` would drop them.
  if (from !== undefined && header(event, "cookie") === undefined && event.resourceType !== "Document" && from !== new URL(event.request.url).origin) return [];
  if (!partition.concerns(event.request.url)) return [];
  // A worker's session knows no partition; its page's does.
  const page = isWorker(seat) ? { tabId: seat.place.tabId } : seat.place;
  const answer = await command<{ cookies: Cookie[] }>(page, "Network.getCookies", { urls: [event.request.url] });
  return (answer?.cookies ?? []).filter(({ partitionKey }) => partitionKey !== undefined).map(({ name, value }) => `${name}=${value}`);
}
