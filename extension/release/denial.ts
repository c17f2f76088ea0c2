/** A person's no, signed by this browser, so that LedgerOS need not take the broker's word for it. */
import type { Device } from "../keys/device";
import { readPins } from "../keys/pins";
import { b64u, nonce } from "../protocol/canonical";
import { denialDigest } from "../protocol/denial";
import type { Denial, SignedDenial } from "../protocol/messages";
import type { Release } from "./release";

/** The no to `release`, as of `now` (LedgerOS's clock). Pure but for its nonce. */
export function denialOf({ id, facts, factsHash }: Release, said: Denial["said"], deviceId: string, now: number): Denial {
  return {
    version: 1,
    said,
    releaseId: id,
    factsHash,
    tokenHash: facts.tokenHash,
    intentId: facts.intentId ?? null,
    deviceId,
    decidedAt: now,
    nonce: nonce(),
  };
}

/** The signed no; null where this browser is not enrolled any more: a no is said in any case. */
export async function signNo(release: Release, said: Denial["said"], device: Promise<Device>): Promise<SignedDenial | null> {
  const { issuer } = await readPins();
  if (!issuer) return null;
  const denial = denialOf(release, said, issuer.deviceId, Date.now() + release.clockOffset);
  return { denial, deviceSignature: b64u(await (await device).sign(await denialDigest(denial))) };
}
