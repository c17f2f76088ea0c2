/** Every release of this browser: kept over a restart of the worker, timed, ended once, remembered. */
import type { ToBroker } from "../channel/session";
import type { Outcome } from "../protocol/messages";
import { entryOf, remember } from "./history";
import { forgetRelease, loadReleases, type Release, saveRelease, type State } from "./release";
import { rememberMode } from "./mode";
import { retryable } from "./settle";

const KEPT_MS = 60_000;
// After its end LedgerOS accepts no decision; an approval still unanswered then was lost with the broker.
const ANSWER_MS = 30_000;

/** The person has not decided yet. */
export const OPEN: State[] = ["looking", "choosing", "waiting", "asserting"];
/** The person is asked; while the page is still looked at there is nothing to ask. */
const ASKING: State[] = ["choosing", "waiting", "asserting"];

export interface Around {
  send(message: ToBroker): Promise<void>;
  changed(): void;
  /** A release is over, for whatever reason. */
  over(release: Release): void;
}

export class Book {
  #all = new Map<string, Release>();
  /** Answers the broker has not got yet, because the channel was down. */
  #unsent: ToBroker[] = [];

  constructor(private readonly around: Around) {}

  /** `charged` are those of which a payment request was sent before the restart. */
  async load(charged: Set<string>): Promise<void> {
    for (const release of await loadReleases()) {
      // A restart lost the passkey prompt, or a fill half way: the first waits again, the second is over.
      if (release.state === "asserting") Object.assign(release, { state: "waiting", decision: null });
      this.#all.set(release.id, release);
      if (charged.has(release.id) && release.state !== "finished") this.end(release, "may_have_been_charged"); // the broker hears it from the egress
      else if (release.state === "paying") await this.finish(release, "swap_not_seen", "The extension restarted while the page was about to pay.");
      else if (release.state === "filling" || release.state === "looking") await this.finish(release, "interrupted");
      else if (release.state === "finished") this.#forgetLater(release);
      else if (release.state === "approved") this.#giveUpLater(release);
      else this.#expireLater(release);
    }
    this.around.changed();
  }

  /** Oldest first. */
  list(): Release[] {
    return [...this.#all.values()];
  }

  /** Those that a page may show: not what was over a while ago and is only kept for a retry. */
  current(): Release[] {
    return this.list().filter(({ endedAt }) => endedAt === null || Date.now() - endedAt < KEPT_MS);
  }

  waiting(): number {
    return this.list().filter(({ state }) => ASKING.includes(state)).length;
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  get(id: string): Release | undefined {
    return this.#all.get(id);
  }

  /** The release named `id`, if it is in `state`. */
  in(id: string, state: State): Release | undefined {
    const release = this.#all.get(id);
    return release?.state === state ? release : undefined;
  }

  add(release: Release): void {
    this.#all.set(release.id, release);
    this.#expireLater(release);
  }

  move(release: Release, state: State): void {
    release.state = state;
    if (state === "approved" || state === "paying") this.#giveUpLater(release);
    this.save(release);
    this.around.changed();
  }

  /** Ask the person, with what was found now. */
  show(release: Release): void {
    release.rule = null;
    release.revision += 1;
    this.move(release, "waiting");
  }

  /** Keep `release` as it is now, unless it was forgotten meanwhile. */
  save(release: Release): void {
    if (this.#all.get(release.id) === release) void saveRelease(release);
  }

  /** It ended here: the broker hears the outcome, and `detail` where that alone does not say why. */
  async finish(release: Release, outcome: Outcome, detail?: string): Promise<void> {
    const { fields, failed } = release;
    this.end(release, outcome, detail);
    await this.answer({ type: "result", releaseId: release.id, outcome, fields, failed, ...(detail ? { detail } : {}) });
  }

  /** It is over, and the broker knows already or hears it otherwise. */
  end(release: Release, outcome: Outcome, detail?: string): void {
    release.outcome = outcome;
    release.detail = detail ?? null;
    release.endedAt = Date.now();
    this.move(release, "finished");
    this.#forgetLater(release);
    this.around.over(release);
    void rememberMode(release, outcome);
    void remember(entryOf(release, outcome)).then(() => this.around.changed());
  }

  /** Say `message` now, or when the channel is back. */
  async answer(message: ToBroker): Promise<void> {
    await this.around.send(message).catch(() => this.#unsent.push(message));
  }

  async flush(): Promise<void> {
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const message of unsent) await this.answer(message);
  }

  #expireLater(release: Release): void {
    after(release.deadline - Date.now(), () => {
      if (OPEN.includes(release.state)) void this.finish(release, "expired");
    });
  }

  #giveUpLater(release: Release): void {
    const { decision } = release;
    after(standsUntil(release) - Date.now() + ANSWER_MS, () => {
      if ((release.state === "approved" || release.state === "paying") && release.decision === decision) void this.finish(release, "interrupted");
    });
  }

  #forgetLater(release: Release): void {
    const { endedAt } = release;
    const usableAgain = retryable(release, Date.now() + release.clockOffset);
    after(KEPT_MS, () => this.around.changed());
    after(usableAgain ? Math.max(KEPT_MS, standsUntil(release) - Date.now()) : KEPT_MS, () => {
      if (release.endedAt !== endedAt) return; // it was taken up again
      this.#all.delete(release.id);
      void forgetRelease(release.id);
      this.around.changed();
    });
  }
}

// The longest a timer can be; an intent may stand for longer, and is then ended by the broker.
const LONGEST_MS = 2 ** 31 - 1;

function after(ms: number, then: () => void): void {
  setTimeout(then, Math.min(Math.max(0, ms), LONGEST_MS));
}

/** Until when (on this machine's clock) the decision stands, or the request waits. */
export function standsUntil({ decision, deadline, clockOffset }: Release): number {
  return decision ? decision.expiresAt - clockOffset : deadline;
}
