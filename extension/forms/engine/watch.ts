/**
 * Waiting for a form that is not there yet: a later step of a checkout, or a page that draws itself.
 */

/** Quiet time after the last change before anybody looks again, in milliseconds. */
export const QUIET_MS = 150;

/** Call `changed` when controls came or went; one observer, and no work while the page stands still. Returns the way to stop. */
export function watchControls(document: Document, changed: () => void): () => void {
  // Live collections: their lengths are kept by the browser, nothing is searched.
  const kinds = ["input", "select", "textarea", "iframe"].map((name) => Document.prototype.getElementsByTagName.call(document, name));
  let known = count(kinds);
  let timer = 0;
  const look = (): void => {
    timer = 0;
    const now = count(kinds);
    if (now === known) return;
    known = now;
    changed();
  };
  const observer = new MutationObserver(() => {
    if (timer === 0) timer = setTimeout(look, QUIET_MS) as unknown as number;
  });
  observer.observe(document, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
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

function count(kinds: readonly HTMLCollectionOf<Element>[]): string {
  return kinds.map((kind) => kind.length).join();
}
