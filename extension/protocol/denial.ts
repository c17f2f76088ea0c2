/** A denial's digest: the 32 bytes that this browser's key signs. Twin of broker/protocol/denial.py. */
import { type Bytes, digest } from "./canonical";
import type { Denial } from "./messages";

export const DENIAL_DOMAIN = "ledgeros/denial/v1";

export function denialDigest(denial: Denial): Promise<Bytes> {
  return digest(DENIAL_DOMAIN, denial);
}
