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
  seen: Seen;
}

/** The tab's origin and those of a seat's frames, by id, as they were when the last document came. */
export interface Seen {
  topOrigin: string | null;
  frames: Map<string, string | null>;
}

export const NOTHING_SEEN: Seen = { topOrigin: null, frames: new Map() };

export interface Sender {
  topOrigin: string;
  frameOrigin: string;
  resourceType: Send["resourceType"];
}

// A page that is busy, or about to be left, may not answer in time.
const PAGE_MS = 300;
const TYPES: Record<string, Send["resourceType"]> = { Fetch: "fetch", XHR: "xhr", Ping: "ping" };

/**
 * See which frames sit there, so that it need not be asked while a payment waits. Answers the tab's origin; null where it has none,
 * and when another document came meanwhile: what was asked before that counts no more.
 */
export async function learnFrames(seat: Seat): Promise<string | null> {
  if (isWorker(seat)) return null;
  const before: Seen = { ...NOTHING_SEEN };
  seat.seen = before;
  const [topOrigin, tree] = await Promise.all([topOf(seat.place.tabId), treeOf(seat.place)]);
  if (topOrigin === null || seat.seen !== before) return null;
  if (tree) seat.seen = { topOrigin, frames: frameOrigins(tree, topOrigin) };
  return topOrigin;
}

/** The sender, or null when it has no origin that a payment could come from (a sandboxed frame). `opener` is the tab that opened this one. */
export async function senderOf(seat: Seat, opener: number | null, event: RequestPaused): Promise<Sender | null> {
  const { tabId } = seat.place;
  const worker = isWorker(seat);
  const navigates = event.resourceType === "Document";
  const origin = known(seat, event);
  if (origin && !worker && !navigates) return named(seat.seen.topOrigin, origin, "other", event);
  const [top, tree] = await Promise.all([topOf(tabId), worker || navigates ? null : treeOf(seat.place)]);
  // A tab that was just opened has no page yet: what it sends first, its opener's page sends.
  const topOrigin = top ?? (opener === null ? null : await topOf(opener));
  if (topOrigin === null) return null;
  if (worker) return named(topOrigin, originOf(seat.url), "other", event);
  const tabIds = opener === null ? [tabId] : [tabId, opener];
  if (navigates) return navigation(tabIds, topOrigin, event);
  return script(tree, tabIds, topOrigin, event);
}

// Both say the same: what the browser wrote into this request, and the frame as it was seen. A frame that navigated since says another.
function known({ seen }: Seat, event: RequestPaused): string | null {
  const origin = header(event, "origin");
  return origin !== undefined && seen.frames.get(event.frameId) === origin ? origin : null;
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

function named(topOrigin: string | null, frameOrigin: string | null, otherwise: Send["resourceType"], event: RequestPaused): Sender | null {
  return topOrigin === null || frameOrigin === null ? null : { topOrigin, frameOrigin, resourceType: TYPES[event.resourceType] ?? otherwise };
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
  return (await Promise.race([answer, later(PAGE_MS)]))?.frameTree ?? null;
}

/** The origin of the frame `id` in `tree`; about:blank and about:srcdoc have their parent's. Null when it is not there. */
export function frameOrigin(tree: FrameTree, id: string, parent: string): string | null {
  return frameOrigins(tree, parent).get(id) ?? null;
}

/** The same of all frames in `tree`. */
function frameOrigins({ frame, childFrames = [] }: FrameTree, parent: string, origins = new Map<string, string | null>()): Map<string, string | null> {
  const inherits = frame.url.startsWith("about:") || frame.url === "";
  const own = parseOrigin(frame.securityOrigin) ?? (inherits ? parent : null);
  origins.set(frame.id, own);
  for (const child of childFrames) frameOrigins(child, own ?? parent, origins);
  return origins;
}

/** Dedicated, shared or service worker. */
export function isWorker({ type }: Seat): boolean {
  return type.endsWith("worker");
}

// A worker may be made from a blob, whose address carries the origin that made it.
function originOf(url: string): string | null {
  return parseOrigin(url.startsWith("blob:") ? url.slice("blob:".length) : url);
}

export function header({ request }: RequestPaused, name: string): string | undefined {
  return Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];
}
