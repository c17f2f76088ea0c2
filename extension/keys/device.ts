/** This browser's own keys: Ed25519 for signing, X25519 for receiving. Not extractable; they name a channel, not a person. */
import { b64u, type Bytes } from "../protocol/canonical";
import { signEd25519 } from "../protocol/ed25519";
import { keyId } from "../protocol/sealing";
import { addKeys, loadKeys } from "./database";

export interface Device {
  /** Raw Ed25519 public key, base64url. */
  signingKey: string;
  /** Raw X25519 public key, base64url. */
  sealingKey: string;
  /** Name of the sealing key (`protocol/sealing.ts`). */
  sealingKeyId: string;
  /** The pair that opens what LedgerOS seals to this browser. */
  sealingPair: CryptoKeyPair;
  sign(message: Bytes): Promise<Bytes>;
}

async function keysFor(name: string, algorithm: "Ed25519" | "X25519", usages: KeyUsage[]): Promise<CryptoKeyPair> {
  const known = await loadKeys(name);
  if (known) return known;
  const made = (await crypto.subtle.generateKey({ name: algorithm }, false, usages)) as CryptoKeyPair;
  try {
    await addKeys(name, made);
    return made;
  } catch (error) {
    const winner = await loadKeys(name);
    if (winner) return winner;
    throw error;
  }
}

async function rawPublic(keys: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
}

/** The keys of this browser profile, made the first time they are asked for. */
export async function openDevice(): Promise<Device> {
  const signing = await keysFor("signing", "Ed25519", ["sign", "verify"]);
  const sealing = await keysFor("sealing", "X25519", ["deriveBits"]);
  const sealingPublic = await rawPublic(sealing);
  return {
    signingKey: b64u(await rawPublic(signing)),
    sealingKey: b64u(sealingPublic),
    sealingKeyId: await keyId(sealingPublic),
    sealingPair: sealing,
    sign: (message) => signEd25519(signing.privateKey, message),
  };
}
