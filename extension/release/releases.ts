/** The state machine of all releases in this browser: offers in, decisions and outcomes out. */
import type { ToBroker } from "../channel/session";
import type { Device } from "../keys/device";
import { readPins } from "../keys/pins";
import { b64u, type Bytes } from "../protocol/canonical";
import { decisionDigest } from "../protocol/decision";
import type { Deliver, Offer, Outcome, PasskeyAssertion, Withdrawn } from "../protocol/messages";
import { unseal } from "../protocol/sealing";
import { decide, passkeyNeeded } from "./decide";
import { remember } from "./history";
import { accept, soughtOrigin } from "./offer";
import { fillIn, findForm, stillThere } from "./page";
import { loadReleases, type Release, type State, saveReleases } from "./release";
import { candidateTabs } from "./tabs";

const KEPT_MS = 60_000;
// After the deadline LedgerOS accepts no decision; an approval still unanswered then was lost with the broker.
const ANSWER_MS = 30_000;

export interface Surroundings {
  device: Promise<Device>;
  send(message: ToBroker): Promise<void>;
  /** Something the person should see now. */
  present(release: Release): void;
  changed(): void;
}

/** What a passkey must sign before an approval goes out. */
export interface Challenge {
  releaseId: string;
  challenge: Bytes;
  credentialIds: string[];
}

const OPEN: State[] = ["looking", "choosing", "waiting", "asserting"];

export class Releases {
  #all = new Map<string, Release>();
  /** Answers the broker has not got yet, because the channel was down. */
  #unsent: ToBroker[] = [];
  readonly loaded: Promise<void>;

  constructor(private readonly around: Surroundings) {
    this.loaded = this.#load();
  }

  /** Oldest first. */
  list(): Release[] {
    return [...this.#all.values()];
  }

  /** How many wait for the person. */
  waiting(): number {
    return this.list().filter(({ state }) => OPEN.includes(state)).length;
  }

  async offered(offer: Offer): Promise<void> {
    await this.loaded;
    if (this.#all.has(offer.releaseId)) return; // the broker repeats what is open after a reconnect
    const { issuer } = await readPins();
    if (!issuer) return this.#answer(refusal(offer.releaseId, "not_enrolled"));
    const release = await accept(offer, issuer);
    if (!release) return this.#answer(refusal(offer.releaseId, "internal_error"));
    this.#all.set(release.id, release);
    if (release.deadline <= Date.now()) return this.#finish(release, "expired");
    this.#expireLater(release);
    const tabs = await candidateTabs(soughtOrigin(release));
    if (tabs.length === 0) return this.#finish(release, "no_tab");
    if (tabs.length === 1 && tabs[0]) return this.#look(release, tabs[0].tabId);
    release.choices = tabs;
    this.#move(release, "choosing");
    this.around.present(release);
  }

  /** The person picked one of several tabs. */
  async picked(id: string, tabId: number): Promise<void> {
    const release = this.#in(id, "choosing");
    if (release?.choices.some((choice) => choice.tabId === tabId)) await this.#look(release, tabId);
  }

  /** The popup has rendered this request. */
  async rendered(id: string): Promise<void> {
    const release = this.#all.get(id);
    if (!release || release.shown || !OPEN.includes(release.state)) return;
    release.shown = true;
    this.#save();
    await this.around.send({ type: "shown", releaseId: id }).catch(() => undefined);
  }

  /**
   * The person approved what `revision` showed. Answers a challenge when a passkey has to sign first,
   * "changed" when the screen must be looked at again, and null otherwise.
   */
  async approve(id: string, revision: number): Promise<Challenge | "changed" | null> {
    const release = this.#in(id, "waiting");
    if (!release?.target || release.revision !== revision) return release ? "changed" : null;
    this.#move(release, "asserting");
    const { target } = release;
    if (!(await stillThere(target))) {
      await this.#look(release, target.tabId);
      return "changed";
    }
    const { issuer, passkeys } = await readPins();
    const device = await this.around.device;
    if (release.state !== "asserting" || !issuer) return null;
    release.decision = decide(release, target, issuer.deviceId, device.sealingKeyId, Date.now() + release.clockOffset);
    if (!passkeyNeeded(release, target)) {
      await this.#approved(release, null);
      return null;
    }
    this.#save();
    const challenge = await decisionDigest(release.decision);
    return { releaseId: id, challenge, credentialIds: passkeys.map(({ credentialId }) => credentialId) };
  }

  /** The passkey signed, or did not (null): then the request waits again. */
  async asserted(id: string, passkey: PasskeyAssertion | null): Promise<void> {
    const release = this.#in(id, "asserting");
    if (!release?.decision) return;
    if (passkey) return this.#approved(release, passkey);
    release.decision = null;
    this.#show(release);
  }

  async deny(id: string): Promise<void> {
    const release = this.#all.get(id);
    if (!release || !OPEN.includes(release.state)) return;
    this.#end(release, "denied");
    await this.#answer({ type: "deny", releaseId: id });
  }

  /** Sealed credentials came: open, fill, forget. Only under a decision that we signed and have not used. */
  async delivered({ releaseId, sealed }: Deliver): Promise<void> {
    await this.loaded;
    const release = this.#in(releaseId, "approved");
    if (!release?.decision || !release.target) return;
    this.#move(release, "filling");
    try {
      const device = await this.around.device;
      const digest = await decisionDigest(release.decision);
      const filled = await fillIn(release.target, await unseal(sealed, device.sealingPair, digest, release.facts.cardId));
      if (filled.kind !== "filled") return await this.#finish(release, filled.kind);
      release.fields = filled.fields;
      release.failed = filled.failed;
      await this.#finish(release, filled.failed.length === 0 ? "filled" : "field_rejected");
    } catch {
      // No detail: an error here may have been near the card's details.
      await this.#finish(release, "internal_error");
    }
  }

  async withdrawn({ releaseId, outcome }: Withdrawn): Promise<void> {
    await this.loaded;
    const release = this.#all.get(releaseId);
    if (release && release.state !== "finished" && release.state !== "filling") this.#end(release, outcome);
  }

  /** The channel is open (again): say what could not be said before. */
  async flush(): Promise<void> {
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const message of unsent) await this.#answer(message);
  }

  /** A tab loaded another document: what waits for it is looked at again. */
  async navigated(tabId: number): Promise<void> {
    for (const release of this.list()) {
      if (release.target?.tabId === tabId && release.state === "waiting") await this.#look(release, tabId);
    }
  }

  async closed(tabId: number): Promise<void> {
    for (const release of this.list()) {
      const open = release.target?.tabId === tabId && [...OPEN, "approved"].includes(release.state);
      if (open) await this.#finish(release, "tab_closed");
    }
  }

  async #load(): Promise<void> {
    for (const release of await loadReleases()) {
      // A restart lost the passkey prompt, or a fill half way: the first waits again, the second is over.
      if (release.state === "asserting") Object.assign(release, { state: "waiting", decision: null });
      this.#all.set(release.id, release);
      if (release.state === "filling" || release.state === "looking") await this.#finish(release, "interrupted");
      if (release.state === "finished") this.#forgetLater(release);
      else this.#expireLater(release);
    }
    this.around.changed();
  }

  async #look(release: Release, tabId: number): Promise<void> {
    release.state = "looking";
    release.decision = null;
    const target = await findForm(tabId, release.facts.expectedCurrency);
    if (release.state !== "looking") return; // denied, expired or withdrawn meanwhile
    if (!target) return this.#finish(release, "no_form");
    release.target = target;
    if (passkeyNeeded(release, target) && (await readPins()).passkeys.length === 0) {
      await this.#finish(release, "passkey_required");
      return this.around.present(release);
    }
    this.#show(release);
    this.around.present(release);
  }

  #show(release: Release): void {
    release.revision += 1;
    this.#move(release, "waiting");
  }

  async #approved(release: Release, passkey: PasskeyAssertion | null): Promise<void> {
    const { decision } = release;
    if (!decision) return;
    this.#move(release, "approved");
    const device = await this.around.device;
    const deviceSignature = b64u(await device.sign(await decisionDigest(decision)));
    try {
      await this.around.send({ type: "approve", releaseId: release.id, signed: { decision, deviceSignature, passkey } });
    } catch {
      release.decision = null;
      this.#show(release); // the popup says that the broker is not there
    }
  }

  async #finish(release: Release, outcome: Outcome): Promise<void> {
    const { fields, failed } = release;
    this.#end(release, outcome);
    await this.#answer({ type: "result", releaseId: release.id, outcome, fields, failed });
  }

  #end(release: Release, outcome: Outcome): void {
    release.outcome = outcome;
    this.#move(release, "finished");
    this.#forgetLater(release);
    const { facts, target } = release;
    void remember({
      releaseId: release.id,
      agentName: facts.agentName,
      origin: target?.origin ?? release.claimed.origin,
      amount: release.decision?.maxAmount ?? target?.pageAmount ?? facts.expectedAmount,
      currency: facts.expectedCurrency,
      last4: facts.last4,
      outcome,
      fields: release.fields,
      failed: release.failed,
      at: Date.now(),
    }).then(() => this.around.changed());
  }

  async #answer(message: ToBroker): Promise<void> {
    await this.around.send(message).catch(() => this.#unsent.push(message));
  }

  #in(id: string, state: State): Release | undefined {
    const release = this.#all.get(id);
    return release?.state === state ? release : undefined;
  }

  #move(release: Release, state: State): void {
    release.state = state;
    this.#save();
    this.around.changed();
  }

  #save(): void {
    void saveReleases(this.list());
  }

  #expireLater(release: Release): void {
    const left = Math.max(0, release.deadline - Date.now());
    setTimeout(() => {
      if (OPEN.includes(release.state)) void this.#finish(release, "expired");
    }, left);
    setTimeout(() => {
      if (release.state === "approved") void this.#finish(release, "interrupted");
    }, left + ANSWER_MS);
  }

  #forgetLater(release: Release): void {
    setTimeout(() => {
      this.#all.delete(release.id);
      this.#save();
      this.around.changed();
    }, KEPT_MS);
  }
}

function refusal(releaseId: string, outcome: Outcome): ToBroker {
  return { type: "result", releaseId, outcome, fields: [], failed: [] };
}
