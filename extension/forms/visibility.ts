/** Whether a person can see an element: an invisible field is a trap, and is neither shown nor filled. */

export type Visibility = (element: Element) => boolean;

const SMALLEST = 4;
const FAINTEST = 0.2;

function shows(element: Element): boolean {
  const style = element.ownerDocument.defaultView?.getComputedStyle(element);
  if (!style || style.display === "none" || Number(style.opacity) < FAINTEST) return false;
  if (/opacity\(0/.test(style.filter)) return false;
  return !/^(inset\((50|100)%|circle\(0)/.test(style.clipPath) && !/^rect\(0(px)?[ ,]+0(px)?[ ,]+0(px)?[ ,]+0/.test(style.clip);
}

function parentOf(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

function withinPage(element: Element): boolean {
  const view = element.ownerDocument.defaultView;
  const box = element.getBoundingClientRect();
  if (!view || box.width < SMALLEST || box.height < SMALLEST) return false;
  return box.right + view.scrollX > 0 && box.bottom + view.scrollY > 0;
}

/** Visible in its document: size, display, visibility and opacity of itself and all ancestors, not off the page. */
function visibleInDocument(element: Element): boolean {
  if (!withinPage(element) || element.ownerDocument.defaultView?.getComputedStyle(element).visibility !== "visible") return false;
  for (let at: Element | null = element; at; at = parentOf(at)) if (!shows(at)) return false;
  return true;
}

/** Visible in its document, and so is each frame around it. */
export const visible: Visibility = (element) => {
  for (let at: Element | null = element; at; at = at.ownerDocument.defaultView?.frameElement ?? null) {
    if (!visibleInDocument(at)) return false;
  }
  return true;
};

/** Whether something that does not belong to the field lies over its middle. Unknown (false) while the field is scrolled out of view. */
export function covered(element: Element): boolean {
  const box = element.getBoundingClientRect();
  const root = element.getRootNode() as Document | ShadowRoot;
  const hit = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!hit || hit === element) return false;
  // A floating label or an icon lies over its own field: same wrapper.
  const wrapper = element.parentElement?.parentElement ?? element.parentElement;
  return !hit.contains(element) && !wrapper?.contains(hit);
}
