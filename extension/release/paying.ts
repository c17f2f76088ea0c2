/** Surrogate mode from the delivery of the stand-ins to the end: watch the tab, fill, tell the broker, say what could not be paused. */
import { debuggedByOthers, unpausedWorker } from "../interception/debuggee";
import type { Interception } from "../interception/interception";
import type { Watch } from "../interception/watch";
import type { Outcome, SurrogateCard } from "../protocol/messages";
import type { Credentials } from "../protocol/sealing";
import { fillIn } from "./fill";
import type { Release } from "./release";
import type { Settled } from "./settle";

// A page that saved its form over a socket may still pay: so long it has.
const UNSEEN_MS = 10_000;
// Before the broker ends it without knowing why.
const LAST_WORD_MS = 2_000;

export interface Surroundings {
  interception: Interception;
  /** The page cannot pay any more: end the release. */
  over(releaseId: string, outcome: Outcome, detail: string): void;
}

interface Paying {
  watch: Watch | null;
  seen: boolean;
  /** What may have happened, should nothing be seen. */
  maybe: string | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Payings {
  #all = new Map<string, Paying>();

  constructor(private readonly around: Surroundings) {}

  /** Watch the tab of `release`, then fill the stand-ins. Whoever ends the release calls `stop`. */
  async start(release: Release, card: SurrogateCard): Promise<Settled> {
    const { target, decision, id } = release;
    if (!target || decision?.mode !== "surrogate") return nothing("internal_error");
    const paying: Paying = { watch: null, seen: false, maybe: null, timer: undefined };
    this.#all.set(id, paying);
    // Asked anew, for minutes may lie between the approval and the card. It is shown and told, and decides nothing.
    if (release.cover) release.cover = { ...release.cover, debugged: await debuggedByOthers(target.tabId) };
    try {
      paying.watch = await this.around.interception.watch({ releaseId: id, tabId: target.tabId, number: card.surrogate.number }, this.#ears(id, paying));
    } catch {
      return nothing("swap_not_seen", "The checkout's tab could not be watched, so nothing was filled.");
    }
    if (this.#all.get(id) !== paying) {
      await this.around.interception.stop(paying.watch); // it ended while the tab was attached to
      return nothing("interrupted");
    }
    const filled = await fillIn(target, Promise.resolve(standIns(card)));
    if (filled.kind !== "filled") return nothing(filled.kind);
    const { fields, failed } = filled;
    // An address that a page does not take is the agent's to correct; the card is not.
    if (failed.some((kind) => kind !== "billing")) return { outcome: "field_rejected", fields, failed };
    paying.timer = setTimeout(() => void this.#lastWord(id, target.origin), decision.expiresAt - release.clockOffset - Date.now() - LAST_WORD_MS);
    return { outcome: "submitted", fields, failed };
  }

  /** Watch no more. A request whose end is not known is failed. */
  async stop(releaseId: string): Promise<void> {
    const paying = this.#all.get(releaseId);
    if (!paying) return;
    this.#all.delete(releaseId);
    clearTimeout(paying.timer);
    if (paying.watch) await this.around.interception.stop(paying.watch);
  }

  #ears(id: string, paying: Paying) {
    return {
      seen: () => {
        paying.seen = true;
      },
      maybe: (sentence: string) => {
        paying.maybe = sentence;
      },
      unseen: (sentence: string) => {
        paying.maybe = sentence;
        setTimeout(() => !paying.seen && this.#end(id, paying, sentence), UNSEEN_MS);
      },
      blinded: (sentence: string, out: boolean) => this.#end(id, paying, sentence, out ? "may_have_been_charged" : "swap_not_seen"),
    };
  }

  async #lastWord(id: string, origin: string): Promise<void> {
    const paying = this.#all.get(id);
    if (!paying || paying.seen) return;
    const why = paying.maybe ?? ((await unpausedWorker(origin)) ? "A shared worker of this shop is running; what it sends cannot be paused." : null);
    if (why && !paying.seen) this.#end(id, paying, why);
  }

  #end(id: string, paying: Paying, sentence: string, outcome: Outcome = "swap_not_seen"): void {
    if (this.#all.get(id) === paying) this.around.over(id, outcome, sentence);
  }
}

function standIns({ surrogate, expirationMonth, expirationYear, cardholderName, billing }: SurrogateCard): Credentials {
  const card = { pan: surrogate.number, cvv: surrogate.securityCode, expirationMonth, expirationYear, cardholderName, brand: "" };
  return billing ? { ...card, billing } : card;
}

function nothing(outcome: Outcome, detail?: string): Settled {
  return { outcome, fields: [], failed: [], ...(detail ? { detail } : {}) };
}
