/** Proof by code: how two machines that a person stands between learn each other's keys. Twin of broker/protocol/proof.py. */
import { b64u, canonicalJson, concat, unb64u, utf8 } from "./canonical";

export type Ceremony = "pairing" | "enrolment";
export type Role = "extension" | "broker" | "issuer";

const STRETCH_ITERATIONS = 200_000;
const LOOK_ALIKES: Record<string, string> = { I: "1", L: "1", O: "0" };

/** A typed code as its sixteen characters: case, spaces, dashes and look-alikes forgiven. Throws when it cannot be a code. */
export function normaliseCode(text: string): string {
  const code = text
    .toUpperCase()
    .replace(/[ \-\t]/g, "")
    .replace(/[ILO]/g, (letter) => LOOK_ALIKES[letter] ?? letter);
  if (!/^[0-9A-HJKMNP-TV-Z]{16}$/.test(code)) throw new TypeError("a code has sixteen letters and digits");
  return code;
}

/** The HMAC key of a code: PBKDF2-HMAC-SHA256, salt `ledgeros/<ceremony>/v1`. Slow by design; do it once a code. */
export async function proofKey(code: string, ceremony: Ceremony): Promise<CryptoKey> {
  const password = await crypto.subtle.importKey("raw", utf8(normaliseCode(code)), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: utf8(`ledgeros/${ceremony}/v1`), iterations: STRETCH_ITERATIONS },
    password,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

/** The public name of the code whose `proofKey` is `key`, so that the other side finds it. No proof is over these bytes: each begins with a role. */
export async function codeId(key: CryptoKey): Promise<string> {
  return b64u(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8("ledgeros/code-id/v1"))).slice(0, 12));
}

/** base64url HMAC-SHA256 by `role` over the canonical JSON of `message` (a JSON value without its proof). */
export async function makeProof(key: CryptoKey, role: Role, message: unknown): Promise<string> {
  return b64u(new Uint8Array(await crypto.subtle.sign("HMAC", key, proven(role, message))));
}

/** Whether `proof` is `makeProof` of the same arguments, in constant time. */
export async function checkProof(key: CryptoKey, role: Role, message: unknown, proof: string): Promise<boolean> {
  try {
    return await crypto.subtle.verify("HMAC", key, unb64u(proof), proven(role, message));
  } catch {
    return false;
  }
}

function proven(role: Role, message: unknown) {
  return concat(utf8(`${role}\n`), canonicalJson(message));
}
