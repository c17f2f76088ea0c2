/** Who sends a paused request: tab, frame or worker as the browser names them, never as the page does. */
import { parseOrigin } from "../core/origin";
import type { Send } from "../protocol/messages";
import { command, type Place } from "./debuggee";
import type { FrameTree, RequestPaused } from "./events";

/** Where a session sits: the tab's page, a frame of another process, or a worker; `url` is its document or script. */
export interface Seat {
  place: Place;
  targetId: string | null;
  type: string;
  url: string;
}

export interface Sender {
  topOrigin: string;
  frameOrigin: string;
  resourceType: Send["resourceType"];
}

const TYPES: Record<string, Send["resourceType"]> = { Fetch: "fetch", XHR: "xhr", Ping: "ping" };

/** The sender, or null when it has no origin that a payment could come from (a sandboxed frame). `opener` is the tab that opened this one. */
export async function senderOf(seat: Seat, opener: number | null, event: RequestPaused): Promise<Sender | null> {
  const { tabId } = seat.place;
  const worker = seat.type.endsWith("worker");
  const [top, tree, root] = await Promise.all([topOf(tabId), worker ? null : treeOf(seat.place), seat.place.sessionId && !worker ? treeOf({ tabId }) : null]);
  // A tab that was just opened has no page yet: what it sends first, its opener's page sends.
  const topOrigin = top ?? (opener === null ? null : await topOf(opener));
  if (topOrigin === null) return null;
  if (worker) return named(topOrigin, originOf(seat.url), "other", event);
  const own = tree && frameOrigin(tree, event.frameId, originOf(seat.url) ?? topOrigin);
  if (event.resourceType !== "Document") {
    return header(event, "origin") === "null" ? null : named(topOrigin, own ?? originOf(seat.url), "other", event);
  }
  return navigation(opener === null ? [tabId] : [tabId, opener], topOrigin, own, (root ?? tree)?.frame.id === event.frameId, event);
}

// A form may send another frame than its own on its way: the browser's `Origin` names the one it stands in, if that is really there.
async function navigation(tabIds: number[], topOrigin: string, own: string | null, ofTab: boolean, event: RequestPaused): Promise<Sender | null> {
  const initiator = header(event, "origin") ?? "";
  // A sandboxed frame and a page without referrer both say "null": in a frame it cannot be told which.
  if (initiator === "null" && !ofTab) return null;
  const there = (await originsIn(tabIds)).includes(initiator);
  return named(topOrigin, there ? initiator : (own ?? topOrigin), ofTab ? "document" : "frame", event);
}

function named(topOrigin: string, frameOrigin: string | null, otherwise: Send["resourceType"], event: RequestPaused): Sender | null {
  return frameOrigin === null ? null : { topOrigin, frameOrigin, resourceType: TYPES[event.resourceType] ?? otherwise };
}

async function topOf(tabId: number): Promise<string | null> {
  const frame = await chrome.webNavigation.getFrame({ tabId, frameId: 0 }).catch(() => null);
  return parseOrigin(frame?.url ?? "");
}

async function originsIn(tabIds: number[]): Promise<(string | null)[]> {
  const frames = await Promise.all(tabIds.map((tabId) => chrome.webNavigation.getAllFrames({ tabId }).catch(() => null)));
  return frames.flatMap((list) => list ?? []).map(({ url }) => parseOrigin(url));
}

async function treeOf(place: Place): Promise<FrameTree | null> {
  return (await command<{ frameTree: FrameTree }>(place, "Page.getFrameTree"))?.frameTree ?? null;
}

/** The origin of the frame `id` in `tree`; about:blank and about:srcdoc have their parent's. Null when it is not there. */
export function frameOrigin(tree: FrameTree, id: string, parent: string): string | null {
  const inherits = tree.frame.url.startsWith("about:") || tree.frame.url === "";
  const own = parseOrigin(tree.frame.securityOrigin) ?? (inherits ? parent : null);
  if (tree.frame.id === id) return own;
  for (const child of tree.childFrames ?? []) {
    const found = frameOrigin(child, id, own ?? parent);
    if (found !== null) return found;
  }
  return null;
}

// A worker may be made from a blob, whose address carries the origin that made it.
function originOf(url: string): string | null {
  return parseOrigin(url.startsWith("blob:") ? url.slice("blob:".length) : url);
}

export function header({ request }: RequestPaused, name: string): string | undefined {
  return Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];
}
