/** The state machine of all releases in this browser: offers in, decisions and outcomes out. */
import type { ToBroker } from "../channel/session";
import { plainText } from "../core/text";
import { debuggedByOthers } from "../interception/debuggee";
import type { Interception } from "../interception/interception";
import type { Device } from "../keys/device";
import { type IssuerPin, readPins, writePins } from "../keys/pins";
import { readSettings } from "../keys/settings";
import { describe, firstCovering } from "../policy/grants";
import { b64u, type Bytes } from "../protocol/canonical";
import { decisionDigest } from "../protocol/decision";
import type { Coverage, Deliver, DeliverSurrogate, Offer, Outcome, PasskeyAssertion, Withdrawn } from "../protocol/messages";
import type { Restricting } from "../rules/regret";
import { Book, OPEN } from "./book";
import { decide, passkeyNeeded, paymentOf } from "./decide";
import { signNo } from "./denial";
import { meaningOf } from "./meaning";
import { coverOf, firstMode, isNews, lessonBefore, type Mode, modeBefore, mustPick, rulesFor } from "./mode";
import { accept, soughtOrigin } from "./offer";
import { unknownSite } from "./hosted";
import { findForm, lookNow } from "./page";
import { Payings } from "./paying";
import { Readiness } from "./readiness";
import { approvalFirst, hasForm, type Release, type Target } from "./release";
import { retryable, settle, type Settled, targetAgain } from "./settle";
import { candidateTabs } from "./tabs";

export interface Surroundings {
  device: Promise<Device>;
  interception: Interception;
  send(message: ToBroker): Promise<void>;
  /** Whether the egress could pay on this page; null when nobody answered. */
  coverage(origin: string, frameOrigins: string[]): Promise<Coverage | null>;
  /** Something the person should see now. */
  present(release: Release): void;
  /** Freeze a card or pause an agent; throws with words for the person. `now` is LedgerOS's time. */
  restrict(kind: Restricting, subject: string, label: string, now: number): Promise<void>;
  changed(): void;
}

/** What a passkey must sign before an approval goes out. */
export interface Challenge {
  releaseId: string;
  challenge: Bytes;
  credentialIds: string[];
}

export class Releases {
  readonly loaded: Promise<void>;
  #book: Book;
  #payings: Payings;
  #readiness: Readiness;

  constructor(private readonly around: Surroundings) {
    this.#readiness = new Readiness(around.device);
    this.#payings = new Payings({
      interception: around.interception,
      over: (id, outcome, detail) => {
        const release = this.#book.in(id, "paying");
        if (release) void this.#book.finish(release, outcome, detail);
      },
    });
    this.#book = new Book({
      send: (message) => around.send(message),
      changed: () => around.changed(),
      over: (release) => void this.#payings.stop(release.id),
    });
    this.loaded = around.interception.recover().then((charged) => this.#book.load(charged));
  }

  /** Those that a page may show, oldest first. */
  current(): Release[] {
    return this.#book.current();
  }

  /** How many wait for the person. */
  waiting(): number {
    return this.#book.waiting();
  }

  /** The release, if the person may still decide on what `revision` showed. */
  asked(id: string, revision: number): Release | null {
    const release = this.#book.in(id, "waiting");
    return release?.revision === revision ? release : null;
  }

  /** The channel is open (again): say what could not be said before. */
  flush(): Promise<void> {
    return this.#book.flush();
  }

  async offered(offer: Offer): Promise<void> {
    await this.loaded;
    if (this.#book.has(offer.releaseId)) return; // the broker repeats what is open after a reconnect
    const { issuer } = await readPins();
    if (!issuer) return this.#book.answer(refusal(offer.releaseId, "not_enrolled"));
    const release = await accept(offer, issuer);
    if (!release) return this.#book.answer(refusal(offer.releaseId, "internal_error"));
    if (this.#book.has(release.id)) return;
    this.#book.add(release);
    if (release.facts.approval !== issuer.approval) await keepApproval(issuer, release.facts.approval);
    if (release.deadline <= Date.now()) return this.#book.finish(release, "expired");
    const tabs = await candidateTabs(soughtOrigin(release));
    if (release.state !== "looking") return; // withdrawn meanwhile
    if (tabs.length === 0) return this.#book.finish(release, "no_tab");
    if (tabs.length === 1 && tabs[0]) return this.#look(release, tabs[0].tabId);
    if ((await readSettings()).unattended) return this.#book.finish(release, "ambiguous_tab");
    release.choices = tabs;
    this.#book.move(release, "choosing");
    this.around.present(release);
  }

  /** The person picked one of several tabs. */
  async picked(id: string, tabId: number): Promise<void> {
    const release = this.#book.in(id, "choosing");
    if (release?.choices.some((choice) => choice.tabId === tabId)) await this.#look(release, tabId);
  }

  /** The popup has rendered this request. */
  async rendered(id: string): Promise<void> {
    const release = this.#book.get(id);
    if (!release || release.shown || !OPEN.includes(release.state)) return;
    release.shown = true;
    this.#book.save(release);
    await this.around.send({ type: "shown", releaseId: id }).catch(() => undefined);
  }

  /** The button is pressed that approves what `revision` showed. Nothing is approved by that. */
  press(id: string, revision: number): void {
    const release = this.asked(id, revision);
    if (release?.target && !mustPick(release)) this.#readiness.press(release, release.target);
  }

  /**
   * The person approved what `revision` showed. Answers a challenge when a passkey has to sign first,
   * "changed" when the screen must be looked at again, and null otherwise.
   */
  async approve(id: string, revision: number): Promise<Challenge | "changed" | null> {
    const release = this.#book.in(id, "waiting");
    if (!release?.target || release.revision !== revision || mustPick(release)) return release ? "changed" : null;
    release.state = "asserting";
    const { target } = release;
    const { there, draft } = await this.#readiness.take(release, target);
    if (!there) {
      await this.#look(release, target.tabId);
      return "changed";
    }
    if (release.state !== "asserting" || !draft) return null;
    release.decision = draft.decision;
    if (passkeyNeeded(release, target) === null) {
      await this.#approved(release, null, draft.signature);
      return null;
    }
    this.#book.move(release, "asserting");
    return { releaseId: id, challenge: draft.challenge, credentialIds: draft.credentialIds };
  }

  /** The person chose how to pay what `revision` showed. */
  pickMode(id: string, revision: number, mode: Mode): void {
    const release = this.asked(id, revision);
    if (!release?.cover || (mode === "surrogate" && release.cover.keyId === null)) return;
    Object.assign(release, { mode, cover: { ...release.cover, picked: true } });
    this.#book.show(release);
  }

  /** The passkey signed, or did not (null): then the request waits again. */
  async asserted(id: string, passkey: PasskeyAssertion | null): Promise<void> {
    const release = this.#book.in(id, "asserting");
    if (!release?.decision) return;
    if (passkey) return this.#approved(release, passkey);
    release.decision = null;
    this.#book.show(release);
  }

  /** The person said no, and perhaps more: `also` freezes this card or pauses this agent. */
  async deny(id: string, also: Restricting | null): Promise<void> {
    const release = this.#book.get(id);
    if (!release || !OPEN.includes(release.state)) return;
    this.#book.end(release, "denied");
    await this.#book.answer({ type: "deny", releaseId: id, signed: await signNo(release, "denied", this.around.device) });
    if (also) await this.#restrict(release, also);
  }

  /** The person changed their mind after an approval: possible until the filling starts. */
  async stop(id: string): Promise<void> {
    const release = this.#book.in(id, "approved");
    if (!release) return;
    this.#book.end(release, "stopped");
    await this.#book.answer({ type: "stop", releaseId: id, signed: await signNo(release, "stopped", this.around.device) });
  }

  /** Sealed credentials came, under a decision that we signed: once, or again where the last time wrote nothing. */
  async delivered({ releaseId, sealed }: Deliver): Promise<void> {
    const release = await this.#filling(releaseId, "direct");
    if (release) await this.#settled(release, await settle(release, sealed, await this.around.device));
  }

  /** The egress holds the card: fill what stands in for it, and let the page pay. */
  async deliveredSurrogate({ releaseId, card }: DeliverSurrogate): Promise<void> {
    const release = await this.#filling(releaseId, "surrogate");
    if (!release) return;
    const settled = await this.#payings.start(release, card);
    if (release.state !== "filling") return this.#payings.stop(releaseId); // withdrawn meanwhile
    if (settled.outcome !== "submitted") return this.#settled(release, settled);
    Object.assign(release, { fields: settled.fields, failed: [] });
    this.#book.move(release, "paying");
    const debugged = release.cover?.debugged === true;
    await this.#book.answer({ type: "ready", releaseId, fields: settled.fields, ...(debugged ? { debugged } : {}) });
  }

  async #settled(release: Release, { outcome, fields, failed, detail }: Settled): Promise<void> {
    Object.assign(release, { fields, failed });
    await this.#book.finish(release, outcome, detail);
  }

  /** The release, now being filled, if a card may be delivered to it in `mode`. */
  async #filling(releaseId: string, mode: Mode): Promise<Release | null> {
    await this.loaded;
    const release = this.#book.get(releaseId);
    if (release?.decision?.mode !== mode) return null;
    const again = release.state === "finished" && retryable(release, Date.now() + release.clockOffset);
    if (release.state !== "approved" && !again) return null;
    this.#book.move(release, "filling");
    if (again) Object.assign(release, { retries: release.retries + 1, outcome: null, endedAt: null });
    if (again || (release.target && !hasForm(release.target))) {
      const target = await targetAgain(release, release.decision);
      if (typeof target === "string") {
        await this.#book.finish(release, target);
        return null;
      }
      release.target = target;
    }
    return release;
  }

  async withdrawn({ releaseId, outcome, message }: Withdrawn): Promise<void> {
    await this.loaded;
    const release = this.#book.get(releaseId);
    if (!release || release.state === "finished") return;
    // What is being filled directly ends by itself; a stand-in is worthless once the release is over.
    if (release.state === "filling" && release.decision?.mode !== "surrogate") return;
    // Where nothing was filled nothing was paid, whatever the broker says: a site that was paid at is one the person knows.
    const untrue = meaningOf(outcome) === "done" && release.state !== "filling" && release.state !== "paying";
    this.#book.end(release, untrue ? "interrupted" : outcome, plainText(message));
  }

  /** A tab loaded another document: what waits for it is looked at again. */
  async navigated(tabId: number): Promise<void> {
    for (const release of this.#book.list()) {
      if (release.target?.tabId === tabId && release.state === "waiting") await this.#look(release, tabId);
    }
  }

  async closed(tabId: number): Promise<void> {
    for (const release of this.#book.list()) {
      const open = release.target?.tabId === tabId && [...OPEN, "approved", "paying"].includes(release.state);
      if (open) await this.#book.finish(release, "tab_closed");
    }
  }

  async #look(release: Release, tabId: number): Promise<void> {
    if (!OPEN.includes(release.state)) return; // it ended before: nobody is asked again
    release.state = "looking";
    release.decision = null;
    const target = (await findForm(tabId, release.facts.expectedCurrency)) ?? (await this.#checkoutWithoutForm(release, tabId));
    if (release.state !== "looking") return; // denied, expired or withdrawn meanwhile
    if (!target) return this.#book.finish(release, "no_form");
    await this.#cover(release, target);
    if (release.state !== "looking") return;
    release.target = target;
    if (!release.shown && (await this.#decidedByRule(release, target))) return;
    const [{ unattended }, { passkeys }] = await Promise.all([readSettings(), readPins()]);
    if (release.state !== "looking") return;
    if (unattended) return this.#book.finish(release, hasForm(target) ? "refused_by_rule" : "no_form");
    const why = passkeyNeeded(release, target);
    if (why !== null && passkeys.length === 0) {
      await this.#book.finish(release, "passkey_required", `A passkey is needed because ${why}.`);
      return this.around.present(release);
    }
    this.#book.show(release);
    this.around.present(release);
  }

  /** Find out how this page can be paid. What the person picked stays picked on the same site. */
  async #cover(release: Release, target: Target): Promise<void> {
    const { egressKeys = [] } = release.facts;
    const asked = egressKeys.length > 0 ? this.around.coverage(target.origin, target.frameOrigins) : null;
    const [coverage, before, lesson, debugged] = await Promise.all([
      asked,
      modeBefore(target.origin),
      lessonBefore(target.origin),
      debuggedByOthers(target.tabId),
    ]);
    const same = release.cover?.picked === true && release.target?.origin === target.origin;
    const known = coverOf(coverage, egressKeys);
    const cover = { ...known, newlyTaught: isNews(known.taught, lesson), before, debugged, picked: same };
    const mode = same && (release.mode === "direct" || cover.keyId !== null) ? release.mode : firstMode(cover);
    Object.assign(release, { mode, cover: { ...cover, picked: same && mode === release.mode } });
  }

  /** With approval first the form may come at a later step; but nothing is asked on a page that does not say what is to be paid. */
  async #checkoutWithoutForm(release: Release, tabId: number): Promise<Target | null> {
    const target = approvalFirst(release) ? await lookNow(tabId, release.facts.expectedCurrency) : null;
    return target && target.pageAmount !== null ? target : null;
  }

  /** Approve in the person's place where a standing rule inside LedgerOS's signed facts covers this payment. */
  async #decidedByRule(release: Release, target: Target): Promise<boolean> {
    // No rule speaks of a site in a frame, nor of a form that nobody has seen.
    if (!hasForm(target) || target.sites.some(unknownSite)) return false;
    const { issuer } = await readPins();
    const device = await this.around.device;
    if (!issuer || release.state !== "looking" || mustPick(release)) return false;
    const now = Date.now() + release.clockOffset;
    const state = firstCovering(rulesFor(release), paymentOf(release, target, issuer.deviceId, now));
    if (!state) return false;
    release.rule = describe(state.grant);
    release.decision = decide(release, target, issuer.deviceId, device.sealingKeyId, now, state.grant.grantId);
    await this.#approved(release, null);
    return true;
  }

  async #approved(release: Release, passkey: PasskeyAssertion | null, drafted: Bytes | null = null): Promise<void> {
    const { decision } = release;
    if (!decision) return;
    Object.assign(release, { state: "approved", approved: release.target });
    const signature = drafted ?? (await (await this.around.device).sign(await decisionDigest(decision)));
    if (release.state !== "approved") return; // stopped or withdrawn meanwhile: the approval stays here
    const signed = { decision, deviceSignature: b64u(signature), passkey };
    const sent = await this.around.send({ type: "approve", releaseId: release.id, signed }).then(() => true, () => false);
    if (release.state !== "approved") return; // it ended while the message was sealed
    if (sent) return this.#book.move(release, "approved"); // kept and shown while the broker works
    release.decision = null;
    this.#book.show(release); // the popup says that the broker is not there
  }

  async #restrict(release: Release, kind: Restricting): Promise<void> {
    const { facts } = release;
    const card = kind === "freeze_card";
    const label = card ? `${plainText(facts.cardBrand, 20)} ·· ${facts.last4}` : plainText(facts.agentName, 60);
    const became = (state: "doing" | "done" | "failed", error: string | null) => {
      release.regret = { kind, label, state, error };
      this.#book.save(release);
      this.around.changed();
    };
    became("doing", null);
    try {
      await this.around.restrict(kind, card ? facts.cardId : facts.agentId, label, Date.now() + release.clockOffset);
      became("done", null);
    } catch (error) {
      became("failed", error instanceof Error ? error.message : "LedgerOS did not do it.");
    }
  }

}

/** Keep what LedgerOS asks for now, unless this browser was enrolled anew, or paired elsewhere, since `issuer` was read. */
async function keepApproval({ deviceId }: IssuerPin, approval: IssuerPin["approval"]): Promise<void> {
  await writePins(({ issuer }) => (issuer?.deviceId === deviceId ? { issuer: { ...issuer, approval } } : {}));
}

function refusal(releaseId: string, outcome: Outcome): ToBroker {
  return { type: "result", releaseId, outcome, fields: [], failed: [] };
}
