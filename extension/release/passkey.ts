/** Passkeys (WebAuthn Level 3) made and used in our own pages. The challenge is always the digest of what is meant. */
import { b64u, type Bytes, concat, digest, unb64u } from "../protocol/canonical";
import type { PasskeyAssertion, PasskeyRegistration } from "../protocol/messages";

/** What a registration is bound to: the dashboard's code, this enrolment's nonce, this browser's signing key. */
export interface EnrolmentPasskey {
  codeId: string;
  nonce: string;
  signingKey: string;
}

/** The challenge of a registration: SHA-256("ledgeros/enrolment-passkey/v1" LF JCS({codeId, nonce, signingKey})), 32 raw bytes. */
export function enrolmentChallenge({ codeId, nonce, signingKey }: EnrolmentPasskey): Promise<Bytes> {
  return digest("ledgeros/enrolment-passkey/v1", { codeId, nonce, signingKey });
}

const ES256 = -7;
const EDDSA = -8;
const TIMEOUT_MS = 90_000;

/** A passkey that was just made: what LedgerOS verifies, and its public key (COSE, base64url), which a reviewer of receipts keeps. */
export interface MadePasskey {
  registration: PasskeyRegistration;
  publicKey: string | null;
}

/** Ask the person to make a passkey. The relying party is this extension (no `rp.id`); `existing` are credentials already made. */
export async function createPasskey(binding: EnrolmentPasskey, userName: string, existing: string[]): Promise<MadePasskey> {
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: await enrolmentChallenge(binding),
      rp: { name: "LedgerOS" },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name: userName, displayName: userName },
      pubKeyCredParams: [ES256, EDDSA].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      excludeCredentials: existing.map((id) => ({ type: "public-key", id: unb64u(id) })),
      attestation: "none",
      timeout: TIMEOUT_MS,
    },
  });
  const { response, rawId } = credential as PublicKeyCredential & { response: AuthenticatorAttestationResponse };
  const spki = response.getPublicKey();
  const cose = spki && coseKey(response.getPublicKeyAlgorithm(), new Uint8Array(spki));
  return {
    registration: {
      credentialId: b64u(new Uint8Array(rawId)),
      clientDataJson: b64u(new Uint8Array(response.clientDataJSON)),
      attestationObject: b64u(new Uint8Array(response.attestationObject)),
    },
    publicKey: cose && b64u(cose),
  };
}

/**
 * The COSE_Key (RFC 9052, in the canonical form that CTAP2 demands) of a public key in SubjectPublicKeyInfo: the bytes that LedgerOS
 * enrols. Null for another algorithm than those asked for.
 */
export function coseKey(algorithm: number, spki: Uint8Array): Bytes | null {
  // The coordinates are the last bytes of an SPKI. Maps: {1: kty, 3: alg, -1: crv, -2: x[, -3: y]}; 0x5820 begins 32 bytes.
  if (algorithm === ES256) return concat(hex("a5010203262001215820"), spki.slice(-64, -32), hex("225820"), spki.slice(-32));
  if (algorithm === EDDSA) return concat(hex("a4010103272006215820"), spki.slice(-32));
  return null;
}

function hex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Ask the person to sign `challenge` (the decision's digest) with one of `credentialIds`. */
export async function assertPasskey(challenge: Bytes, credentialIds: string[]): Promise<PasskeyAssertion> {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge,
      allowCredentials: credentialIds.map((id) => ({ type: "public-key", id: unb64u(id) })),
      userVerification: "required",
      timeout: TIMEOUT_MS,
    },
  });
  const { response, rawId } = credential as PublicKeyCredential & { response: AuthenticatorAssertionResponse };
  return {
    credentialId: b64u(new Uint8Array(rawId)),
    authenticatorData: b64u(new Uint8Array(response.authenticatorData)),
    clientDataJson: b64u(new Uint8Array(response.clientDataJSON)),
    signature: b64u(new Uint8Array(response.signature)),
  };
}
