/** The digests of standing rules and of actions: the 32 bytes that device key and passkey sign. Twin of broker/protocol/grants.py. */
import { type Bytes, digest } from "./canonical";
import type { Action, Grant } from "./messages";

export const GRANT_DOMAIN = "ledgeros/grant/v1";
export const ACTION_DOMAIN = "ledgeros/action/v1";

export function grantDigest(grant: Grant): Promise<Bytes> {
  return digest(GRANT_DOMAIN, grant);
}

export function actionDigest(action: Action): Promise<Bytes> {
  return digest(ACTION_DOMAIN, action);
}
