/** Opening what LedgerOS sealed: HPKE base mode (RFC 9180), X25519, HKDF-SHA256, AES-256-GCM. Twin of broker/protocol/sealing.py. */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { b64u, type Bytes, canonicalJson, concat, sha256, unb64u, utf8 } from "./canonical";
import type { BillingAddress, Sealed } from "./messages";

const ENC_SIZE = 32;
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** What is sealed. Lives in memory for one fill; never stored, never logged. */
export interface Credentials {
  pan: string;
  cvv: string;
  expirationMonth: number;
  expirationYear: number;
  cardholderName: string;
  brand: string;
  /** Where LedgerOS holds an address of the user. */
  billing?: BillingAddress;
}

/** The name of a public key: base64url of the first 16 bytes of SHA-256 of its raw bytes. */
export async function keyId(publicKey: Bytes): Promise<string> {
  return b64u((await sha256(publicKey)).slice(0, 16));
}

/** HPKE `info`: binds the ciphertext to one decision, card and key. */
export function sealInfo(decisionDigest: Bytes, cardId: string, recipientKeyId: string): Bytes {
  return concat(utf8("ledgeros/seal/v1\n"), canonicalJson({ cardId, decision: b64u(decisionDigest), keyId: recipientKeyId }));
}

/** Open `sealed` with this device's key pair; throws under any other decision, card or key. */
export async function unseal(sealed: Sealed, keys: CryptoKeyPair, decisionDigest: Bytes, cardId: string): Promise<Credentials> {
  const message = unb64u(sealed.ciphertext);
  const recipient = await suite.createRecipientContext({
    recipientKey: keys,
    enc: message.slice(0, ENC_SIZE),
    info: sealInfo(decisionDigest, cardId, sealed.keyId),
  });
  const plaintext = await recipient.open(message.slice(ENC_SIZE));
  return credentials(JSON.parse(new TextDecoder().decode(plaintext)));
}

function credentials(value: Record<string, unknown>): Credentials {
  const { pan, cvv, expirationMonth, expirationYear, cardholderName, brand, billing } = value;
  const sound =
    typeof pan === "string" && /^\d{13,19}$/.test(pan) &&
    typeof cvv === "string" && /^\d{3,4}$/.test(cvv) &&
    Number.isInteger(expirationMonth) && (expirationMonth as number) >= 1 && (expirationMonth as number) <= 12 &&
    Number.isInteger(expirationYear) && (expirationYear as number) >= 2000 && (expirationYear as number) <= 2199 &&
    typeof cardholderName === "string" && typeof brand === "string" && (billing === undefined || isAddress(billing));
  if (!sound) throw new TypeError("what was sealed is not a card");
  return { pan, cvv, expirationMonth, expirationYear, cardholderName, brand, ...(billing ? { billing } : {}) } as Credentials;
}

const LINES = ["line1", "line2", "city", "state", "postalCode", "country"];

function isAddress(value: unknown): value is BillingAddress {
  return typeof value === "object" && value !== null && Object.entries(value).every(([name, line]) => LINES.includes(name) && (line === null || typeof line === "string"));
}
