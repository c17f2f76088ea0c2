/**
 * Whether a person can see a control: one gate before every fill.
 *
 * A field that nobody sees is a trap, whoever hid it: by opacity of any ancestor, by size, clip, overflow
 * or transform, off the page, or under something opaque, also when that lets clicks through.
 */

import { frameOf, shownIn } from "./tree";

/** Why a control is not seen; null when it is. */
export type Hidden = "gone" | "not displayed" | "too small" | "transparent" | "clipped" | "off the page" | "covered";

const LEAST_WIDTH = 10;
const LEAST_HEIGHT = 8;
/** The product of the opacities of a control and all around it. */
const LEAST_OPACITY = 0.5;
/** How much of a control may be cut off. */
const LEAST_SHOWN = 0.5;

/** Why the control cannot be seen, by style and place; covering.ts tells what lies over it. */
export function hiddenReason(element: Element): Hidden | null {
  for (let at: Element | null = element; at; at = frameOf(at)) {
    const reason = reasonInDocument(at);
    if (reason) return reason;
  }
  return null;
}

function reasonInDocument(element: Element): Hidden | null {
  const view = element.ownerDocument.defaultView;
  if (!view || !element.isConnected) return "gone";
  const own = view.getComputedStyle(element);
  if (own.visibility !== "visible" || element.getClientRects().length === 0 || isSkipped(element)) return "not displayed";
  const box = element.getBoundingClientRect();
  if (box.width < LEAST_WIDTH || box.height < LEAST_HEIGHT) return "too small";
  if (box.right + view.scrollX <= 0 || box.bottom + view.scrollY <= 0 || beyond(element, box, view)) return "off the page";
  return reasonAround(element, box, view);
}

// What the browser lays out and does not draw: `content-visibility`, a closed `details`. The method is called as the browser has it, see tree.ts.
function isSkipped(element: Element): boolean {
  return Element.prototype.checkVisibility?.call(element) === false;
}

function beyond(element: Element, box: DOMRect, view: Window): boolean {
  const page = element.ownerDocument.documentElement;
  return box.left + view.scrollX >= Math.max(page.scrollWidth, view.innerWidth) || box.top + view.scrollY >= Math.max(page.scrollHeight, view.innerHeight);
}

function reasonAround(element: Element, box: DOMRect, view: Window): Hidden | null {
  let opacity = 1;
  let shown = { left: box.left, top: box.top, right: box.right, bottom: box.bottom };
  for (let at: Element | null = element; at; at = shownIn(at)) {
    const style = view.getComputedStyle(at);
    if (style.display === "none") return "not displayed";
    opacity *= Number(style.opacity) * filterOpacity(style.filter);
    if (opacity < LEAST_OPACITY) return "transparent";
    if (clipsAway(style)) return "clipped";
    if (at !== element && cuts(style, at)) shown = intersection(shown, at.getBoundingClientRect());
  }
  const area = Math.max(0, shown.right - shown.left) * Math.max(0, shown.bottom - shown.top);
  return area < box.width * box.height * LEAST_SHOWN ? "clipped" : null;
}

// What a scroll box cuts can be scrolled to; what `hidden` and `clip` cut cannot.
function cuts(style: CSSStyleDeclaration, element: Element): boolean {
  if (element === element.ownerDocument.documentElement || element === element.ownerDocument.body) return false;
  return /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`) && style.display !== "contents" && style.display !== "inline";
}

function clipsAway(style: CSSStyleDeclaration): boolean {
  if (/^rect\(0(?:px)?[ ,]+0(?:px)?[ ,]+0(?:px)?[ ,]+0/.test(style.clip) || /^rect\(1px[ ,]+1px[ ,]+1px[ ,]+1px/.test(style.clip)) return true;
  const path = style.clipPath;
  if (/^circle\(0|^ellipse\(0|^polygon\(0(?:px)? 0(?:px)?(?:, ?0(?:px)? 0(?:px)?)*\)$/.test(path)) return true;
  const inset = /^inset\(([^)]*)\)/.exec(path)?.[1];
  return inset !== undefined && insetShare(inset) >= 1 - LEAST_SHOWN;
}

// The share that a clip-path inset in percent takes away along one axis.
function insetShare(inset: string): number {
  const sides = inset.split(" round")[0]?.split(" ").map((side) => (side.endsWith("%") ? Number.parseFloat(side) / 100 : 0)) ?? [];
  const [top = 0, right = top, bottom = top, left = right] = sides;
  return Math.max(top + bottom, left + right);
}

function filterOpacity(filter: string): number {
  const match = /opacity\(([\d.]+)(%?)\)/.exec(filter);
  return match ? Number(match[1]) / (match[2] ? 100 : 1) : 1;
}

interface Edges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function intersection(one: Edges, other: Edges): Edges {
  return { left: Math.max(one.left, other.left), top: Math.max(one.top, other.top), right: Math.min(one.right, other.right), bottom: Math.min(one.bottom, other.bottom) };
}
