/** Which tab a release is about. Everything here comes from browser APIs; nothing from a page but its title. */
import { parseOrigin } from "../core/origin";
import { plainText } from "../core/text";
import { onThisMachine } from "./processors";
import type { TabChoice } from "./release";

const TITLE_MAX = 80;
const PATH_MAX = 60;

/** One document in a tab, as the browser reports it. */
export interface FrameDocument {
  documentId: string;
  origin: string;
}

/** A tab's top document; `hosted` are the frames of other sites that its own site put there. */
export interface Frames extends FrameDocument {
  hosted: FrameDocument[];
}

/** Origins we fill: https, and plain http on this machine only. */
export function fillable(origin: string | null): origin is string {
  if (origin === null) return false;
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || onThisMachine(hostname);
}

/** Every tab that shows something we may fill. */
export async function openTabs(): Promise<TabChoice[]> {
  const tabs = await chrome.tabs.query({ windowType: "normal" });
  return tabs.filter(isFillable).map(choice);
}

function isFillable(tab: chrome.tabs.Tab): boolean {
  return !tab.incognito && fillable(parseOrigin(tab.url ?? ""));
}

/** The tabs that show `origin`, most likely first; without an origin the one the person looks at. A single entry needs no picking. */
export async function candidateTabs(origin: string | null): Promise<TabChoice[]> {
  const tabs = await chrome.tabs.query({ windowType: "normal" });
  const focused = await focusedWindow();
  const open = tabs.filter(isFillable);
  const active = open.filter((tab) => tab.active && tab.windowId === focused);
  if (origin === null) return active.slice(0, 1).map(choice);
  const matching = open.filter((tab) => parseOrigin(tab.url ?? "") === origin);
  const looked = matching.filter((tab) => active.includes(tab));
  return (looked.length === 1 ? looked : matching).map(choice);
}

async function focusedWindow(): Promise<number | undefined> {
  return (await chrome.windows.getLastFocused({ windowTypes: ["normal"] }).catch(() => undefined))?.id;
}

function choice(tab: chrome.tabs.Tab): TabChoice {
  const url = tab.url ?? "";
  const path = URL.canParse(url) ? plainText(new URL(url).pathname, PATH_MAX) : "";
  return { tabId: tab.id ?? -1, title: plainText(tab.title ?? "", TITLE_MAX) || "Untitled", origin: parseOrigin(url) ?? "", path };
}

const MOST_FRAMES = 40;

/** The tab's top document and what hangs directly in its site's own documents, or null when there is nothing we may fill. */
export async function framesOf(tabId: number): Promise<Frames | null> {
  const all = (await chrome.webNavigation.getAllFrames({ tabId }).catch(() => null)) ?? [];
  const top = all.find(({ frameId }) => frameId === 0);
  const origin = parseOrigin(top?.url ?? "");
  if (!top || !fillable(origin)) return null;
  const own = ownFrames(all, origin);
  const hosted = all.flatMap(({ documentId, parentFrameId, url, errorOccurred }) => {
    const other = parseOrigin(url);
    const fits = own.has(parentFrameId) && !errorOccurred && other !== origin && fillable(other);
    return fits ? [{ documentId, origin: other }] : [];
  });
  return { documentId: top.documentId, origin, hosted: hosted.slice(0, MOST_FRAMES) };
}

type Frame = chrome.webNavigation.GetAllFrameResultDetails;

// The frames that are the approved site's, all the way up. An empty or written-in frame (about:blank, about:srcdoc) is its parent's.
function ownFrames(all: Frame[], origin: string): Set<number> {
  const parents = new Map(all.map((frame) => [frame.frameId, frame]));
  const isOwn = (frame: Frame | undefined): boolean =>
    frame !== undefined &&
    (frame.frameId === 0 || ((parseOrigin(frame.url) === origin || /^about:(blank|srcdoc)$/.test(frame.url)) && isOwn(parents.get(frame.parentFrameId))));
  return new Set(all.filter(isOwn).map(({ frameId }) => frameId));
}

export async function tabExists(tabId: number): Promise<boolean> {
  return (await chrome.tabs.get(tabId).catch(() => null)) !== null;
}
