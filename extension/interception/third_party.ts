/** Whether cookies of no partition go along across sites: a pause reports them also where the browser blocks them (measured, Chromium 156). */
import { sameSite } from "../core/origin";
import { command, type Place } from "./debuggee";
import type { RequestPaused } from "./events";
import { header, type Seat, type Sender } from "./sender";

const ANSWER_MS = 300;

/** False also where nobody can tell: a page that sends to another site is not asked about that site by any browser. */
export async function sendsUnpartitioned({ place, type }: Seat, sender: Sender, event: RequestPaused): Promise<boolean> {
  if (header(event, "cookie") === undefined) return true; // there is none to leave out
  if (sender.resourceType === "document") return true; // what navigates the tab is nobody's third party
  if (!sameSite(sender.frameOrigin, event.request.url)) return false;
  // A frame of another process may be of the page's site and still stand inside a foreign one.
  const frame = place.sessionId !== undefined && type === "iframe";
  if (sameSite(sender.topOrigin, sender.frameOrigin) && !frame) return true;
  return sender.resourceType !== "frame" && !type.endsWith("worker") && (await hasAccess(place, event.frameId));
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
