/** The opening of a session: who is there, proven by signatures over one transcript (see broker/protocol/channel.py). */
import type { Device } from "../keys/device";
import { b64u, type Bytes, digest, nonce, unb64u } from "../protocol/canonical";
import { verifyEd25519 } from "../protocol/ed25519";
import type { Finish, Hello, Welcome } from "../protocol/messages";
import { type SessionKeys, sessionKeys } from "./frames";

export const CHANNEL_VERSION = 1;
const DOMAIN = "ledgeros/channel/v1";

/** Our first message and the secret half of its ephemeral key. */
export interface Opening {
  hello: Hello;
  ephemeral: CryptoKey;
}

/** A fresh opening for one connection. */
export async function open(device: Pick<Device, "signingKey">, extensionVersion: string): Promise<Opening> {
  const ephemeral = (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
  const hello: Hello = {
    type: "hello",
    version: CHANNEL_VERSION,
    extensionVersion,
    deviceKey: device.signingKey,
    ephemeral: b64u(new Uint8Array(await crypto.subtle.exportKey("raw", ephemeral.publicKey))),
    nonce: nonce(),
  };
  return { hello, ephemeral: ephemeral.privateKey };
}

/** Whether `welcome` is an answer to `hello` by the holder of the broker key it names. Says nothing about whether we trust that key. */
export async function signedByItsKey(hello: Hello, welcome: Welcome): Promise<boolean> {
  const { signature, ...unsigned } = welcome;
  return verifyEd25519(welcome.brokerKey, unb64u(signature), await digest(`${DOMAIN}/broker`, { hello, welcome: unsigned }));
}

/** What both sides sign and derive keys from. */
export function transcript(hello: Hello, welcome: Welcome): Promise<Bytes> {
  return digest(`${DOMAIN}/extension`, { hello, welcome });
}

/** Our last message of the opening, and the keys of the session it begins. */
export async function finish(
  device: Pick<Device, "sign">,
  opening: Opening,
  welcome: Welcome,
): Promise<{ finish: Finish; keys: SessionKeys }> {
  const signed = await transcript(opening.hello, welcome);
  const peer = await crypto.subtle.importKey("raw", unb64u(welcome.ephemeral), "X25519", false, []);
  return {
    finish: { type: "finish", signature: b64u(await device.sign(signed)) },
    keys: await sessionKeys(opening.ephemeral, peer, signed),
  };
}
