/** The decision's digest: the 32 bytes that every signer signs. Twin of broker/protocol/decision.py. */
import { type Bytes, digest } from "./canonical";
import type { Decision } from "./messages";

export const DECISION_DOMAIN = "ledgeros/decision/v1";

export function decisionDigest(decision: Decision): Promise<Bytes> {
  return digest(DECISION_DOMAIN, decision);
}
