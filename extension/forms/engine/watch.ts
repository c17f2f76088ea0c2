/**
 * Waiting for a form that is not there yet: a later step of a checkout, or a page that draws itself.
 */

/** How long a change is let go on before anybody looks again, in milliseconds. */
export const QUIET_MS = 150;

/** Call `changed` when controls came or went; one observer, and no work while the page stands still. Returns the way to stop. */
export function watchControls(document: Document, changed: () => void): () => void {
  let timer = 0;
  const tell = (): void => {
    timer = 0;
    changed();
  };
  const observer = new MutationObserver((records) => {
    if (timer === 0 && records.some(movesControls)) timer = setTimeout(tell, QUIET_MS) as unknown as number;
  });
  observer.observe(document, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}

const CONTROLS = "input,select,textarea,iframe";

function movesControls({ addedNodes, removedNodes }: MutationRecord): boolean {
  return hasControl(addedNodes) || hasControl(removedNodes);
}

function hasControl(nodes: NodeList): boolean {
  for (const node of nodes) if (node.nodeType === Node.ELEMENT_NODE && isOrHolds(node as Element)) return true;
  return false;
}

// By the browser's own methods: a control may be called "matches".
function isOrHolds(element: Element): boolean {
  const { matches, querySelector } = Element.prototype;
  return matches.call(element, CONTROLS) || querySelector.call(element, CONTROLS) !== null;
}

/** The first answer of `look` that is not null, asked now and after each change, or null after `limit` milliseconds. */
export function waitFor<T>(document: Document, look: () => T | null, limit: number): Promise<T | null> {
  const found = look();
  if (found !== null) return Promise.resolve(found);
  return new Promise((resolve) => {
    const finish = (answer: T | null): void => {
      stop();
      clearTimeout(timer);
      resolve(answer);
    };
    const stop = watchControls(document, () => {
      const answer = look();
      if (answer !== null) finish(answer);
    });
    const timer = setTimeout(() => finish(null), limit);
  });
}
