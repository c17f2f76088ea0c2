/** Which tab a release is about. Everything here comes from browser APIs; nothing from a page but its title. */
import { parseOrigin } from "../core/origin";
import { plainText } from "../core/text";
import type { TabChoice } from "./release";

const TITLE_MAX = 80;

export interface Frames {
  documentId: string;
  origin: string;
  frameOrigins: string[];
}

/** Origins we fill: https, and plain http on this machine only. */
export function fillable(origin: string | null): origin is string {
  if (origin === null) return false;
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "127.0.0.1";
}

/** The tabs that show `origin`, most likely first; without an origin the one the person looks at. A single entry needs no picking. */
export async function candidateTabs(origin: string | null): Promise<TabChoice[]> {
  const tabs = await chrome.tabs.query({ windowType: "normal" });
  const focused = await focusedWindow();
  const open = tabs.filter((tab) => !tab.incognito && fillable(parseOrigin(tab.url ?? "")));
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
  return { tabId: tab.id ?? -1, title: plainText(tab.title ?? "", TITLE_MAX) || "Untitled", origin: parseOrigin(tab.url ?? "") ?? "" };
}

const MOST_FRAMES = 20;

/** The tab's top document and the origins of other frames in it, or null when there is none we may fill. */
export async function framesOf(tabId: number): Promise<Frames | null> {
  const frames = (await chrome.webNavigation.getAllFrames({ tabId }).catch(() => null)) ?? [];
  const top = frames.find(({ frameId }) => frameId === 0);
  const origin = parseOrigin(top?.url ?? "");
  if (!top || !fillable(origin)) return null;
  const others = frames.flatMap(({ url }) => parseOrigin(url) ?? []).filter((other) => other !== origin);
  return { documentId: top.documentId, origin, frameOrigins: [...new Set(others)].sort().slice(0, MOST_FRAMES) };
}

export async function tabExists(tabId: number): Promise<boolean> {
  return (await chrome.tabs.get(tabId).catch(() => null)) !== null;
}
