/** What an approval needs, made ready from when the button is pressed: the page looked at once more, the decision drafted and signed. */
import type { Device } from "../keys/device";
import { readPins } from "../keys/pins";
import type { Bytes } from "../protocol/canonical";
import { decisionDigest } from "../protocol/decision";
import type { Decision } from "../protocol/messages";
import { decide } from "./decide";
import { stillThere } from "./fill";
import { lookNow } from "./page";
import { hasForm, type Release, type Target } from "./release";

/** A decision with this browser's signature; it counts only once it is sent. */
export interface Draft {
  decision: Decision;
  challenge: Bytes;
  signature: Bytes;
  credentialIds: string[];
}

export interface Ready {
  /** Whether what was shown is still in the page. */
  there: boolean;
  /** Null where this browser is not enrolled. */
  draft: Draft | null;
}

// A button that is held down for longer is pressed and not clicked.
const CLICK_MS = 500;

export class Readiness {
  #pressed: { release: Release; revision: number; at: number; ready: Promise<Ready> } | null = null;

  constructor(private readonly device: Promise<Device>) {}

  /** The button is pressed: the click that may follow finds everything under way. */
  press(release: Release, target: Target): void {
    const ready = this.#make(release, target);
    ready.catch(() => undefined); // whoever takes it hears of it
    this.#pressed = { release, revision: release.revision, at: Date.now(), ready };
  }

  /** What was begun for this revision just now, else made anew. Once: a decision is never sent twice. */
  take(release: Release, target: Target): Promise<Ready> {
    const pressed = this.#pressed;
    this.#pressed = null;
    const fits = pressed?.release === release && pressed.revision === release.revision && Date.now() - pressed.at < CLICK_MS;
    return fits ? pressed.ready : this.#make(release, target);
  }

  async #make(release: Release, target: Target): Promise<Ready> {
    const [there, draft] = await Promise.all([stillShown(release, target), this.#draft(release, target)]);
    return { there, draft };
  }

  async #draft(release: Release, target: Target): Promise<Draft | null> {
    const [{ issuer, passkeys }, device] = await Promise.all([readPins(), this.device]);
    if (!issuer) return null;
    const decision = decide(release, target, issuer.deviceId, device.sealingKeyId, Date.now() + release.clockOffset);
    const challenge = await decisionDigest(decision);
    return { decision, challenge, signature: await device.sign(challenge), credentialIds: passkeys.map(({ credentialId }) => credentialId) };
  }
}

/** Whether what was shown is still there; without a form, whether there still is none. */
async function stillShown(release: Release, target: Target): Promise<boolean> {
  if (hasForm(target)) return stillThere(target);
  const now = await lookNow(target.tabId, release.facts.expectedCurrency);
  return now !== null && !hasForm(now) && now.origin === target.origin && now.pageAmount === target.pageAmount;
}
