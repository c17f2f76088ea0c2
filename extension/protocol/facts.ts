/** Introspection: what LedgerOS says about a token, signed so that a broker in between cannot change it. Twin of broker/protocol/facts.py. */
import { b64u, canonicalJson, sha256, unb64u, utf8 } from "./canonical";
import { verifyEd25519 } from "./ed25519";
import type { Facts } from "./messages";
import { read } from "./validate";

/** The one header there is: compared literally, so that there is no algorithm to negotiate. */
export const JWS_HEADER = b64u(canonicalJson({ alg: "EdDSA", typ: "token-introspection+jwt" }));

/** The facts of a JWS signed by `issuerKey` (raw Ed25519, base64url); throws when the signature or form is wrong. */
export async function verifyFacts(jws: string, issuerKey: string): Promise<Facts> {
  const [header, payload, signature, ...rest] = jws.split(".");
  if (header !== JWS_HEADER || payload === undefined || signature === undefined || rest.length > 0) {
    throw new TypeError("not an introspection signed by this LedgerOS");
  }
  if (!(await verifyEd25519(issuerKey, unb64u(signature), utf8(`${header}.${payload}`)))) {
    throw new TypeError("not an introspection signed by this LedgerOS");
  }
  return read("Facts", JSON.parse(new TextDecoder().decode(unb64u(payload))));
}

/** base64url SHA-256 of a signed introspection: how a decision names what was shown. */
export async function factsHash(jws: string): Promise<string> {
  return b64u(await sha256(utf8(jws)));
}
