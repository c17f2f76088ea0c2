/**
 * Waiting for a form that is not there yet: a later step of a checkout, or a page that draws itself.
 */

import { rootsOf, shadowsIn } from "./roots";
import { isShadow } from "./tree";

/** How long a change is let go on before anybody looks again, in milliseconds. */
export const QUIET_MS = 150;

const CONTROLS = "input,select,textarea,iframe";
const COMING: MutationObserverInit = { childList: true, subtree: true };

/**
 * Call `changed` when controls came or went, in open shadow roots too; one observer, and no work while the page stands still.
 * Returns the way to stop.
 */
export function watchControls(document: Document, changed: () => void): () => void {
  let timer = 0;
  const tell = (): void => {
    timer = 0;
    changed();
  };
  const observer = new MutationObserver((records) => {
    const fresh = records.flatMap(({ addedNodes }) => elementsOf(addedNodes)).flatMap(shadowsIn);
    for (const shadow of fresh) observer.observe(shadow, COMING);
    if (timer === 0 && (records.some(movesControls) || fresh.some(holdsControl))) timer = setTimeout(tell, QUIET_MS) as unknown as number;
  });
  for (const root of [document, ...rootsOf(document).filter(isShadow)]) observer.observe(root, COMING);
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}

function movesControls({ addedNodes, removedNodes }: MutationRecord): boolean {
  return [addedNodes, removedNodes].some((nodes) => elementsOf(nodes).some(isOrHolds));
}

function elementsOf(nodes: NodeList): Element[] {
  return [...nodes].filter((node): node is Element => node.nodeType === Node.ELEMENT_NODE);
}

// By the browser's own methods: a control may be called "matches".
function isOrHolds(element: Element): boolean {
  const { matches, querySelector } = Element.prototype;
  return matches.call(element, CONTROLS) || querySelector.call(element, CONTROLS) !== null;
}

function holdsControl(shadow: ShadowRoot): boolean {
  return shadow.querySelector(CONTROLS) !== null;
}
