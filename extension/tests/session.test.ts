// Whom the extension opens a session with: the real opening, and a broker's side that signs what it likes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChannelFault } from "../channel/fault";
import type { BrokerPort } from "../channel/port";
import { signedByItsKey } from "../channel/handshake";
import { pinned, Session } from "../channel/session";
import type { Device } from "../keys/device";
import { b64u, digest, nonce } from "../protocol/canonical";
import { signEd25519 } from "../protocol/ed25519";
import type { Finish, Hello, Welcome } from "../protocol/messages";

interface Keys {
  pair: CryptoKeyPair;
  name: string;
}

async function ed25519(): Promise<Keys> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  return { pair, name: b64u(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))) };
}

/** A welcome that is whole: signed by `signer` over this very opening. */
async function welcomeTo(hello: Hello, signer: Keys, changes: Partial<Welcome> = {}): Promise<Welcome> {
  const { publicKey } = (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair;
  const unsigned = {
    type: "welcome" as const, version: 1, brokerVersion: "0.1.0", brokerId: "brk_1", brokerKey: signer.name, paired: true,
    ephemeral: b64u(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey))), nonce: nonce(32), time: Date.now(), ...changes,
  };
  const signature = await signEd25519(signer.pair.privateKey, await digest("ledgeros/channel/v1/broker", { hello, welcome: unsigned }));
  return { ...unsigned, signature: b64u(signature) };
}

/** What the extension said to a broker that answers its hello with `answer`, and how the opening ended. */
async function opening(pin: Keys, answer: (hello: Hello) => Promise<Welcome>) {
  const said: (Hello | Finish)[] = [];
  const port = { send: (message: Hello | Finish) => void said.push(message), next: () => answer(said[0] as Hello), end: () => undefined };
  const own = await ed25519();
  const device = { signingKey: own.name, sign: (message) => signEd25519(own.pair.privateKey, message) } as Device;
  const ended = await Session.open(port as unknown as BrokerPort, device, pinned({ id: "brk_1", key: pin.name, pairedAt: 0 })).then(
    () => "open",
    (fault: unknown) => (fault instanceof ChannelFault ? fault.code : fault),
  );
  return { ended, said: said.map(({ type }) => type) };
}

describe("an opening", () => {
  beforeEach(() => void vi.stubGlobal("chrome", { runtime: { getManifest: () => ({ version: "0.1.0" }) } }));
  afterEach(() => void vi.unstubAllGlobals());

  it("is finished with the broker that was paired", async () => {
    const broker = await ed25519();
    expect(await opening(broker, (hello) => welcomeTo(hello, broker))).toEqual({ ended: "open", said: ["hello", "finish"] });
  });

  it("is broken off by the pin when a squatter signs a welcome with a key of its own", async () => {
    const [broker, squatter] = [await ed25519(), await ed25519()];
    const forge = async (hello: Hello) => {
      const forged = await welcomeTo(hello, squatter);
      expect(await signedByItsKey(hello, forged)).toBe(true); // only the pin can tell
      return forged;
    };
    expect(await opening(broker, forge)).toEqual({ ended: "another_broker", said: ["hello"] });
  });

  it("is broken off when the key is the broker's and the signature is not, or the id is another", async () => {
    const [broker, squatter] = [await ed25519(), await ed25519()];
    const named = (hello: Hello) => welcomeTo(hello, squatter, { brokerKey: broker.name });
    expect(await opening(broker, named)).toEqual({ ended: "broker_untrusted", said: ["hello"] });
    const elsewhere = (hello: Hello) => welcomeTo(hello, broker, { brokerId: "brk_2" });
    expect(await opening(broker, elsewhere)).toEqual({ ended: "another_broker", said: ["hello"] });
  });
});
