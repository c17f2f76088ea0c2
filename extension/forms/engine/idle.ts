/**
 * What waiting for a form costs a page that has none: for measuring.
 *
 * Without a release there is nothing of ours in a page. With one, a page that shows no form is looked at, and watched.
 */

import { planDocument } from "./plan";
import { QUIET_MS, watchControls } from "./watch";

/** Milliseconds of work, and mutation observers. */
export interface Idle {
  /** How many mutation observers are at work. */
  readonly observers: number;
  /** One look for a form, the fastest of several. */
  readonly look: number;
  /** Starting to watch, and all that follows while the page stands still. */
  readonly still: number;
  /** All that follows when the page puts in and takes out {@link CHANGES} elements that are no controls, one by one. */
  readonly busy: number;
}

/** Elements that come and go in a page that is alive: a clock, a carousel, messages. */
export const CHANGES = 200;
const LOOKS = 9;

/** The cost of waiting in this document, watched for `still` milliseconds in which nothing happens, and then while it changes. */
export async function idle(document: Document, still: number): Promise<Idle> {
  const look = Math.min(...Array.from({ length: LOOKS }, () => timed(() => planDocument(document))));
  const ledger = keepLedger();
  try {
    let stop = (): void => {};
    ledger.spent += timed(() => (stop = watchControls(document, () => {})));
    await ledger.wait(still);
    const [observers, quiet] = [ledger.observers, ledger.spent];
    for (let change = 0; change < CHANGES; change++) {
      const element = document.createElement("i");
      document.documentElement.append(element);
      await Promise.resolve(); // observers are told after each
      element.remove();
    }
    await ledger.wait(2 * QUIET_MS);
    stop();
    return { observers, look, still: quiet, busy: ledger.spent - quiet };
  } finally {
    ledger.close();
  }
}

interface Ledger {
  observers: number;
  spent: number;
  wait(ms: number): Promise<void>;
  close(): void;
}

// Stands between the watch and the browser: counts the observers, and times what they and the timers do.
function keepLedger(): Ledger {
  const { MutationObserver, setTimeout } = globalThis;
  const ledger: Ledger = {
    observers: 0,
    spent: 0,
    wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    close: () => void Object.assign(globalThis, { MutationObserver, setTimeout }),
  };
  class Counted extends MutationObserver {
    constructor(told: MutationCallback) {
      super((records, observer) => void (ledger.spent += timed(() => told(records, observer))));
      ledger.observers += 1;
    }
  }
  const later = (work: () => void, ms?: number) => setTimeout(() => void (ledger.spent += timed(work)), ms);
  Object.assign(globalThis, { MutationObserver: Counted, setTimeout: later });
  return ledger;
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
