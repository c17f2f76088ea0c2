/**
 * What lies over a control: an opaque thing over it hides it, also one that lets clicks through.
 */

import { frameOf, isShadow } from "./tree";

/** Where it is asked what lies on top: the middle, and half-way to each corner. */
const PROBES = [[0.5, 0.5], [0.15, 0.25], [0.85, 0.25], [0.15, 0.75], [0.85, 0.75]] as const;
const MOST_COVERED = 1;

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
  return covered[0] === true || covered.filter(Boolean).length > MOST_COVERED;
}

const CAUGHT = "@layer { *, *::before, *::after { pointer-events: auto !important } }";

// An overlay with `pointer-events: none` is seen and not hit: for one moment, in one task, it is hit.
function withClicksCaught<T>(all: Set<Scope>, ask: () => T): T {
  const scopes = [...all].filter((scope) => viewOf(scope) !== null);
  const sheets = scopes.map((scope) => [...scope.adoptedStyleSheets]);
  scopes.forEach((scope, index) => (scope.adoptedStyleSheets = [...(sheets[index] ?? []), catching(scope)]));
  const stubborn = scopes.flatMap(stubbornIn);
  for (const element of stubborn) element.style.setProperty("pointer-events", "auto", "important");
  try {
    return ask();
  } finally {
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
  const styled = scope.querySelectorAll<HTMLElement>('[style*="pointer-events"]');
  return [...styled].filter(({ style }) => style.pointerEvents === "none" && style.getPropertyPriority("pointer-events") === "important");
}

function coveredAt(element: Element, root: Document | ShadowRoot, x: number, y: number): boolean {
  const stack = root.elementsFromPoint(x, y);
  const outside = isShadow(root) ? aboveHost(root, x, y) : [];
  return opaqueOver([...stack.slice(0, depthOf(element, stack)), ...outside], element).length > 0;
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

function opaqueOver(above: readonly Element[], element: Element): Element[] {
  return above.filter((over) => !element.contains(over) && !over.contains(element) && !isOwnLabel(over, element) && paints(over));
}

// A floating label or an icon belongs to its field.
function isOwnLabel(over: Element, element: Element): boolean {
  const labels = (element as HTMLInputElement).labels;
  if (labels) for (const label of labels) if (label.contains(over)) return true;
  const area = over.getBoundingClientRect();
  const own = element.getBoundingClientRect();
  return area.width * area.height < own.width * own.height * 0.3;
}

const REPLACED = new Set(["IMG", "VIDEO", "CANVAS", "IFRAME", "OBJECT", "EMBED"]);

function paints(element: Element): boolean {
  const view = element.ownerDocument.defaultView;
  const style = view?.getComputedStyle(element);
  if (!style || Number(style.opacity) < 0.3) return false;
  if (REPLACED.has(element.tagName) || style.backgroundImage !== "none") return true;
  if (style.backdropFilter !== "none" && style.backdropFilter !== undefined && /blur/.test(style.backdropFilter)) return true;
  return alphaOf(style.backgroundColor) >= 0.5;
}

function alphaOf(colour: string): number {
  if (colour === "transparent") return 0;
  const match = /^rgba\([^)]*,\s*([\d.]+)\)$/.exec(colour) ?? /\/\s*([\d.]+)\)$/.exec(colour);
  return match ? Number(match[1]) : 1;
}
