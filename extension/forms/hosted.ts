/**
 * Card fields in frames of other sites, as both sides see them: inside such a frame, what it offers and
 * where it stands in the tab; in the top document, the element that shows it.
 */
import { bringIntoView, isCovered } from "./engine/covering";
import { planDocument, planFrame } from "./engine/plan";
import { rootsOf } from "./engine/roots";
import type { FieldType } from "./engine/rules";
import { allIn } from "./engine/tree";
import type { HeldFrame } from "./remembered";
import { visible } from "./visibility";

/** What one frame says of itself. */
export interface FrameLook {
  origin: string;
  /** Indexes of `window[n]` that lead from the top to this frame; empty where it hangs in a shadow tree, which has none. */
  path: number[];
  /** What its visible fields take, read as the fields of a processor. */
  types: FieldType[];
  /** It holds a card form of its own, read as strictly as any page. */
  card: boolean;
}

/** Where a frame of another site is to be found from the top document. */
export interface Spot {
  path: number[];
  origin: string;
}

/** What this frame, of another site than the page around it, has to offer. */
export function lookAtFrame(): FrameLook {
  const types = planFrame(document).map(({ type }) => type);
  return { origin: globalThis.origin, path: pathOf(window), types, card: planDocument(document).length > 0 };
}

function pathOf(view: Window): number[] {
  const path: number[] = [];
  for (let at: Window = view; at !== at.parent; at = at.parent) {
    const index = indexIn(at.parent, at);
    if (index === null) return [];
    path.unshift(index);
  }
  return path;
}

// Windows compare and count also across sites.
function indexIn(parent: Window, view: Window): number | null {
  for (let index = 0; index < parent.length; index += 1) if (parent[index] === view) return index;
  return null;
}

/** The elements that show the frame at `spot`; a frame in a shadow tree is one of several of its origin, and then all of them count. */
export function framesAt({ path, origin }: Spot): HeldFrame[] {
  const all = rootsOf(document).flatMap((root) => [...allIn<HTMLIFrameElement>(root, "iframe")].map((element) => ({ root, element, view: element.contentWindow })));
  if (path.length === 0) return all.filter(({ root, element }) => root.nodeType !== Node.DOCUMENT_NODE && sourceOf(element) === origin);
  const view = path.reduce<Window | null>((at, index) => at?.[index] ?? null, window);
  return view ? all.filter((frame) => frame.view === view) : [];
}

function sourceOf({ src }: HTMLIFrameElement): string | null {
  return URL.canParse(src) ? new URL(src).origin : null;
}

/** Whether a person can see into each frame: what lies over it only this document knows, and out of view not even that. */
export function areUncovered(frames: readonly HeldFrame[]): boolean {
  return frames.every(({ element }) => {
    bringIntoView(element);
    return !isCovered(element);
  });
}

/** Whether a person can see the frame at `spot`. */
export function isShown(spot: Spot): boolean {
  const frames = framesAt(spot);
  return frames.length > 0 && frames.every(({ element }) => visible(element));
}
