/** Ed25519 (RFC 8032) with raw public keys. */
import { type Bytes, unb64u } from "./canonical";

/** Whether `signature` over `message` is by the raw public key `publicKey` (base64url). */
export async function verifyEd25519(publicKey: string, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", unb64u(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    return false;
  }
}

/** The signature of `message` by `privateKey`. */
export async function signEd25519(privateKey: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
}
