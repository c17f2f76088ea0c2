/**
 * Cookies of no partition, across sites. A pause reports them also where the browser blocks them, and an answer that is given
 * here sets them there too (measured, Chromium 156): so both are decided here.
 */
import { sameSite } from "../core/origin";
import { command, type Place } from "./debuggee";
import type { RequestPaused } from "./events";
import type { Seat, Sender } from "./sender";

const ANSWER_MS = 300;

/** Whether they go along, and come back. False also where nobody can tell: a page that sends to another site is not asked about that site by any browser. */
export async function sendsUnpartitioned({ place, type }: Seat, sender: Sender, event: RequestPaused): Promise<boolean> {
  if (sender.resourceType === "document") return true; // what navigates the tab is nobody's third party
  if (!sameSite(sender.frameOrigin, event.request.url)) return false;
  // A frame of another process may be of the page's site and still stand inside a foreign one.
  const frame = place.sessionId !== undefined && type === "iframe";
  if (sameSite(sender.topOrigin, sender.frameOrigin) && !frame) return true;
  return sender.resourceType !== "frame" && !type.endsWith("worker") && (await hasAccess(place, event.frameId));
}

/** The answer's headers without the cookies that the browser would not have kept. */
export function withoutUnpartitioned(headers: [string, string][]): [string, string][] {
  return headers.filter(([name, value]) => name.toLowerCase() !== "set-cookie" || /;\s*partitioned\s*(;|$)/i.test(value));
}

// In a world of our own, where the page's script has changed nothing.
async function hasAccess(place: Place, frameId: string): Promise<boolean> {
  return Promise.race([asked(place, frameId), new Promise<false>((no) => setTimeout(() => no(false), ANSWER_MS))]);
}

async function asked(place: Place, frameId: string): Promise<boolean> {
  const world = await command<{ executionContextId: number }>(place, "Page.createIsolatedWorld", { frameId });
  if (!world) return false;
  const question = { expression: "document.hasStorageAccess()", contextId: world.executionContextId, awaitPromise: true, returnByValue: true };
  const answer = await command<{ result: { value?: unknown } }>(place, "Runtime.evaluate", question);
  return answer?.result.value === true;
}
