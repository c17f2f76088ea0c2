/** Freezing a card, pausing an agent, revoking a rule, and taking the first two back. */
import type { Asking } from "../channel/requests";
import { plainText } from "../core/text";
import type { Device } from "../keys/device";
import { readPins } from "../keys/pins";
import { b64u, nonce } from "../protocol/canonical";
import { actionDigest } from "../protocol/grants";
import type { Action, PasskeyAssertion } from "../protocol/messages";
import { type Ticket, Tickets } from "./tickets";

export type Restricting = "freeze_card" | "pause_agent";

/** A card frozen or an agent paused from this browser. `label` is how the person knows it. */
export interface Restriction {
  kind: Restricting;
  subject: string;
  label: string;
  at: number;
}

const UNDO = { freeze_card: "unfreeze_card", pause_agent: "resume_agent" } as const;
const KEY = "restrictions";

/** Restrictions made here and not taken back here, newest first. */
export async function readRestrictions(): Promise<Restriction[]> {
  const stored = await chrome.storage.local.get<{ restrictions?: Restriction[] }>(KEY);
  return stored.restrictions ?? [];
}

async function without(kind: Restricting, subject: string): Promise<Restriction[]> {
  return (await readRestrictions()).filter((one) => one.kind !== kind || one.subject !== subject);
}

export class Regret {
  #undoing = new Tickets<{ action: Action; kind: Restricting }>();

  constructor(
    private readonly device: Promise<Device>,
    private readonly asking: Asking,
    private readonly changed: () => void,
  ) {}

  /** Restrict at once: the device's signature is enough. Throws with words for the person. */
  async restrict(kind: Restricting, subject: string, label: string, now: number): Promise<void> {
    await this.#send(await action(kind, subject, now), null);
    await chrome.storage.local.set({ [KEY]: [{ kind, subject, label, at: Date.now() }, ...(await without(kind, subject))] });
    this.changed();
  }

  /** Loosening needs the passkey, unless the organisation approves by click. */
  async prepareUndo(kind: Restricting, subject: string, now: number): Promise<Ticket> {
    const { issuer, passkeys } = await readPins();
    const undo = await action(UNDO[kind], subject, now);
    const challenge = issuer?.approval === "click" ? null : await actionDigest(undo);
    if (challenge && passkeys.length === 0) throw new Error("This needs your passkey, and none is set up. The dashboard can do it too.");
    return this.#undoing.issue({ action: undo, kind }, challenge, passkeys.map(({ credentialId }) => credentialId));
  }

  async undo(ticket: string, passkey: PasskeyAssertion | null): Promise<void> {
    const { action: undo, kind } = this.#undoing.take(ticket);
    await this.#send(undo, passkey);
    await this.forget(kind, undo.subject);
  }

  /** Show it here no more, for instance because the dashboard took it back. */
  async forget(kind: Restricting, subject: string): Promise<void> {
    await chrome.storage.local.set({ [KEY]: await without(kind, subject) });
    this.changed();
  }

  async revoke(grantId: string, now: number): Promise<void> {
    await this.#send(await action("revoke_grant", grantId, now), null);
  }

  async #send(what: Action, passkey: PasskeyAssertion | null): Promise<void> {
    const device = await this.device;
    const deviceSignature = b64u(await device.sign(await actionDigest(what)));
    const { error } = await this.asking.ask({ type: "act", signed: { action: what, deviceSignature, passkey } });
    if (error !== null) throw new Error(plainText(error) || "LedgerOS refused it.");
  }
}

async function action(kind: Action["kind"], subject: string, now: number): Promise<Action> {
  const { issuer } = await readPins();
  if (!issuer) throw new Error("This browser is not enrolled at LedgerOS.");
  return { version: 1, kind, subject, deviceId: issuer.deviceId, at: now, nonce: nonce() };
}
