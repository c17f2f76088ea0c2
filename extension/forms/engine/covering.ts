/**
 * What lies over a control: an opaque thing over it hides it, also one that lets clicks through.
 */

import { allIn, frameOf, isShadow } from "./tree";

/** Where it is asked what lies on top: the middle, and half-way to each corner. */
const PROBES = [[0.5, 0.5], [0.15, 0.25], [0.85, 0.25], [0.15, 0.75], [0.85, 0.75]] as const;
/** At so many of them something may lie on top, where it is not the middle. */
const MOST_COVERED = 1;
/** An icon or a floating label may lie over its field at so many: small things all over it are an overlay in pieces. */
const MOST_SMALL = 3;
/** How much of a field must come through what is painted over it, layer by layer. */
const LEAST_THROUGH = 0.5;
/** What takes a smaller share of a field's area may be an icon of it. */
const SMALL = 0.3;

/** Whether something opaque lies over the control, in its document or over a frame around it. Scrolled out of view it is not known, and the answer is false. */
export function isCovered(element: Element): boolean {
  return areCovered([element])[0] === true;
}

/** What lies over some elements: good for the task that asked, and no longer. */
export type Covering = ReadonlyMap<Element, boolean>;

/** {@link isCovered} of each element; dear is making overlays touchable, so it is done once for all. */
export function areCovered(elements: readonly Element[]): boolean[] {
  return withClicksCaught(new Set(elements.flatMap(scopesOf)), () => elements.map(isCoveredNow));
}

/** {@link areCovered}, by element. */
export function coveringOf(elements: readonly Element[]): Covering {
  const covered = areCovered(elements);
  return new Map(elements.map((element, index) => [element, covered[index] === true]));
}

/** Out of view it cannot be told what lies on top: of the window, or of a box that scrolls. */
export function bringIntoView(element: Element): void {
  element.scrollIntoView({ block: isOutOfView(element) ? "center" : "nearest", inline: "nearest", behavior: "instant" });
}

/** Whether the control is above or below what its window shows. */
export function isOutOfView(element: Element): boolean {
  const view = element.ownerDocument.defaultView;
  const box = element.getBoundingClientRect();
  return view !== null && (box.top < 0 || box.bottom > view.innerHeight);
}

type Scope = Document | ShadowRoot;

function scopesOf(element: Element): Scope[] {
  const scopes: Scope[] = [];
  for (let at: Element | null = element; at; at = frameOf(at)) {
    const root = at.getRootNode();
    scopes.push(at.ownerDocument, ...(isShadow(root) ? [root] : []));
  }
  return scopes;
}

function isCoveredNow(element: Element): boolean {
  let box: Box = element.getBoundingClientRect();
  for (let at: Element = element; ; ) {
    if (isCoveredInDocument(at, box)) return true;
    const frame = frameOf(at);
    if (!frame) return false;
    const outer = frame.getBoundingClientRect();
    box = { left: box.left + outer.left + frame.clientLeft, top: box.top + outer.top + frame.clientTop, width: box.width, height: box.height };
    at = frame;
  }
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function isCoveredInDocument(element: Element, box: Box): boolean {
  const root = element.getRootNode() as Scope;
  if (root.nodeType !== Node.DOCUMENT_NODE && !isShadow(root)) return true;
  const covered = PROBES.map(([x, y]) => coveredAt(element, root, box.left + box.width * x, box.top + box.height * y));
  const large = covered.filter((by) => by === "large").length;
  return covered[0] === "large" || large > MOST_COVERED || covered.filter((by) => by !== null).length > MOST_SMALL;
}

const CAUGHT = "@layer { *, *::before, *::after { pointer-events: auto !important; interactivity: auto !important } }";

// An overlay that is inert or has `pointer-events: none` is seen and not hit: for one moment, in one task, it is hit.
function withClicksCaught<T>(all: Set<Scope>, ask: () => T): T {
  const scopes = [...all].filter((scope) => viewOf(scope) !== null);
  const sheets = scopes.map((scope) => [...scope.adoptedStyleSheets]);
  scopes.forEach((scope, index) => (scope.adoptedStyleSheets = [...(sheets[index] ?? []), catching(scope)]));
  const stubborn = scopes.flatMap(stubbornIn);
  for (const element of stubborn) element.style.setProperty("pointer-events", "auto", "important");
  const inert = scopes.flatMap((scope) => [...allIn(scope, "[inert]")].map((element) => [element, element.getAttribute("inert") ?? ""] as const));
  for (const [element] of inert) element.removeAttribute("inert");
  try {
    return ask();
  } finally {
    for (const [element, value] of inert) element.setAttribute("inert", value);
    for (const element of stubborn) element.style.setProperty("pointer-events", "none", "important");
    scopes.forEach((scope, index) => (scope.adoptedStyleSheets = sheets[index] ?? []));
  }
}

function viewOf(scope: Scope): (Window & typeof globalThis) | null {
  return ((scope.ownerDocument ?? scope) as Document).defaultView as (Window & typeof globalThis) | null;
}

// A sheet can be adopted in the document only that it was made for.
function catching(scope: Scope): CSSStyleSheet {
  const sheet = new (viewOf(scope) as Window & typeof globalThis).CSSStyleSheet();
  sheet.replaceSync(CAUGHT);
  return sheet;
}

// An important declaration of the element's own style wins over every sheet.
function stubbornIn(scope: Scope): HTMLElement[] {
  const styled = allIn<HTMLElement>(scope, '[style*="pointer-events"]');
  return [...styled].filter(({ style }) => style.pointerEvents === "none" && style.getPropertyPriority("pointer-events") === "important");
}

// What hides the control at one point: things so small that they may be its icons, or more.
function coveredAt(element: Element, root: Document | ShadowRoot, x: number, y: number): "small" | "large" | null {
  const stack = root.elementsFromPoint(x, y);
  const outside = isShadow(root) ? aboveHost(root, x, y) : [];
  const over = [...stack.slice(0, depthOf(element, stack)), ...outside].filter((other) => isApart(other, element));
  if (through(over) >= LEAST_THROUGH) return null;
  return through(over.filter((other) => !isSmall(other, element))) < LEAST_THROUGH ? "large" : "small";
}

// A modal dialog makes what is under it untouchable, and it is not in the stack: what lies over its ancestors lies over it.
function depthOf(element: Element, stack: readonly Element[]): number {
  const own = stack.indexOf(element);
  if (own >= 0) return own;
  const around = stack.findIndex((over) => over.contains(element));
  return around >= 0 ? around : stack.length;
}

// Inside a shadow root, what lies over the host lies over the control too.
function aboveHost(root: ShadowRoot, x: number, y: number): Element[] {
  const stack = root.host.ownerDocument.elementsFromPoint(x, y);
  const place = stack.indexOf(root.host);
  return place < 0 ? stack : stack.slice(0, place);
}

function isApart(over: Element, element: Element): boolean {
  return !element.contains(over) && !over.contains(element) && !isOwnLabel(over, element);
}

// A floating label belongs to its field.
function isOwnLabel(over: Element, element: Element): boolean {
  const labels = (element as HTMLInputElement).labels;
  if (labels) for (const label of labels) if (label.contains(over)) return true;
  return false;
}

function isSmall(over: Element, element: Element): boolean {
  const area = over.getBoundingClientRect();
  const own = element.getBoundingClientRect();
  return area.width * area.height < own.width * own.height * SMALL;
}

// Thin layers add up: of five that each let more than half through, nothing is seen.
function through(layers: readonly Element[]): number {
  return layers.reduce((light, layer) => light * (1 - opacityOf(layer)), 1);
}

const REPLACED = new Set(["IMG", "VIDEO", "CANVAS", "IFRAME", "OBJECT", "EMBED"]);

// How much of what is below an element hides, 0 to 1.
function opacityOf(element: Element): number {
  const style = element.ownerDocument.defaultView?.getComputedStyle(element);
  if (!style) return 0;
  const blurs = style.backdropFilter !== "none" && style.backdropFilter !== undefined && /blur/.test(style.backdropFilter);
  const full = REPLACED.has(element.tagName) || style.backgroundImage !== "none" || blurs;
  return Number(style.opacity) * (full ? 1 : alphaOf(style.backgroundColor));
}

function alphaOf(colour: string): number {
  if (colour === "transparent") return 0;
  const match = /^rgba\([^)]*,\s*([\d.]+)\)$/.exec(colour) ?? /\/\s*([\d.]+)\)$/.exec(colour);
  return match ? Number(match[1]) : 1;
}
