/**
 * Waiting for a form that is not there yet: a later step of a checkout, or a page that draws itself.
 */

import { rootsOf, shadowsIn } from "./roots";
import { isShadow } from "./tree";

/** How long a change is let go on before anybody looks again, in milliseconds. */
export const QUIET_MS = 150;

const CONTROLS = "input,select,textarea,iframe";
const COMING: MutationObserverInit = { childList: true, subtree: true };
// So many changes at once are looked at without asking each what it brought.
const MOST_RECORDS = 1_000;

/**
 * Call `changed` when controls came or went, in open shadow roots too; one observer, and no work while the page stands still.
 * Returns the way to stop.
 */
export function watchControls(document: Document, changed: () => void): () => void {
  const pending: MutationRecord[] = [];
  let timer = 0;
  const observe = (roots: readonly Node[]): void => {
    for (const root of roots) observer.observe(root, COMING);
  };
  const tell = (): void => {
    timer = 0;
    const records = pending.splice(0);
    const isMuch = records.length > MOST_RECORDS;
    const fresh = isMuch ? rootsOf(document).filter(isShadow) : records.flatMap(({ addedNodes }) => elementsOf(addedNodes)).flatMap(shadowsIn);
    observe(fresh);
    if (isMuch || records.some(movesControls) || fresh.some(holdsControl)) changed();
  };
  // A page that is alive tells of every change: it is only noted, and asked about later, all together.
  const observer = new MutationObserver((records) => {
    if (pending.length <= MOST_RECORDS) pending.push(...records);
    if (timer === 0) timer = setTimeout(tell, QUIET_MS) as unknown as number;
  });
  observe([document, ...rootsOf(document).filter(isShadow)]);
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
