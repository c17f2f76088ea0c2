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

// A page that is busy, or about to be left, may not answer in time.
const TREE_MS = 300;
const TYPES: Record<string, Send["resourceType"]> = { Fetch: "fetch", XHR: "xhr", Ping: "ping" };

/** The sender, or null when it has no origin that a payment could come from (a sandboxed frame). `opener` is the tab that opened this one. */
export async function senderOf(seat: Seat, opener: number | null, event: RequestPaused): Promise<Sender | null> {
  const { tabId } = seat.place;
  const worker = seat.type.endsWith("worker");
  const navigates = event.resourceType === "Document";
  const [top, tree] = await Promise.all([topOf(tabId), worker || navigates ? null : treeOf(seat.place)]);
  // A tab that was just opened has no page yet: what it sends first, its opener's page sends.
  const topOrigin = top ?? (opener === null ? null : await topOf(opener));
  if (topOrigin === null) return null;
  if (worker) return named(topOrigin, originOf(seat.url), "other", event);
  const tabIds = opener === null ? [tabId] : [tabId, opener];
  return navigates ? navigation(tabIds, topOrigin, event) : script(tree, tabIds, topOrigin, event);
}

async function script(tree: FrameTree | null, tabIds: number[], topOrigin: string, event: RequestPaused): Promise<Sender | null> {
  if (header(event, "origin") === "null") return null;
  const origin = tree ? frameOrigin(tree, event.frameId, topOrigin) : await initiatorOf(tabIds, event);
  return named(topOrigin, origin, "other", event);
}

// A form may send another frame than its own on its way, so the browser's `Origin` says where it stands. The page itself
// answers nothing while it is about to be left.
async function navigation(tabIds: number[], topOrigin: string, event: RequestPaused): Promise<Sender | null> {
  const [initiator, targets] = await Promise.all([initiatorOf(tabIds, event), chrome.debugger.getTargets()]);
  const ofTab = targets.some(({ id, tabId }) => id === event.frameId && tabId === tabIds[0]);
  // A sandboxed frame and a page without referrer both say "null": in a frame it cannot be told which.
  return named(topOrigin, initiator ?? (ofTab ? topOrigin : null), ofTab ? "document" : "frame", event);
}

/** What `Origin` says, if such a frame is really there. */
async function initiatorOf(tabIds: number[], event: RequestPaused): Promise<string | null> {
  const origin = header(event, "origin") ?? null;
  return (await originsIn(tabIds)).includes(origin) ? origin : null;
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
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
  const answer = command<{ frameTree: FrameTree }>(place, "Page.getFrameTree");
  return (await Promise.race([answer, later(TREE_MS)]))?.frameTree ?? null;
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
