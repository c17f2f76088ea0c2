/** One authenticated session: opened by the pinned broker key or by a pairing code, then frames. */
import type { Device } from "../keys/device";
import type { BrokerPin } from "../keys/pins";
import type { Messages, Pair, Paired, Welcome } from "../protocol/messages";
import { checkProof, codeId, makeProof, proofKey } from "../protocol/proof";
import { readOneOf } from "../protocol/validate";
import { ChannelFault } from "./fault";
import { FrameReader, FrameWriter } from "./frames";
import { finish, type Opening, open, signedByItsKey } from "./handshake";
import type { BrokerPort, Incoming } from "./port";

const TO_EXTENSION = {
  offer: "Offer",
  withdrawn: "Withdrawn",
  deliver: "Deliver",
  deliver_surrogate: "DeliverSurrogate",
  coverage: "Coverage",
  head: "Head",
  chunk: "Chunk",
  end: "End",
  enrol_answer: "EnrolAnswer",
  grants_answer: "GrantsAnswer",
  act_answer: "ActAnswer",
  status: "Status",
  ping: "Ping",
  pong: "Pong",
} as const satisfies Record<string, keyof Messages>;
type Kinds = typeof TO_EXTENSION;

export type ToExtension = Messages[Kinds[keyof Kinds]];
export type ToBroker = Messages[
  | "Shown"
  | "Approve"
  | "Deny"
  | "Stop"
  | "Presence"
  | "AskCoverage"
  | "Ready"
  | "Send"
  | "Result"
  | "Enrol"
  | "MakeGrant"
  | "ListGrants"
  | "Act"
  | "Ping"
  | "Pong"
];

/** How an opening decides whether to trust the broker key in `welcome`: throws `ChannelFault` when not. */
export type Trust = (port: BrokerPort, opening: Opening, welcome: Welcome) => Promise<void>;

/** Trust the broker that was paired before, and no other. */
export function pinned(pin: BrokerPin): Trust {
  return async (_port, _opening, welcome) => {
    if (welcome.brokerKey !== pin.key || welcome.brokerId !== pin.id) throw new ChannelFault("another_broker");
    if (!welcome.paired) throw new ChannelFault("forgotten");
  };
}

/** Trust whoever proves to know the code that the person typed; `onPaired` gets the key to pin. */
export function byCode(code: string, deviceName: string, onPaired: (welcome: Welcome, paired: Paired) => Promise<void>): Trust {
  return async (port, { hello }, welcome) => {
    const key = await proofKey(code, "pairing");
    const claim: Omit<Pair, "proof"> = { type: "pair", codeId: await codeId(key), deviceName };
    const pair: Pair = { ...claim, proof: await makeProof(key, "extension", { hello, welcome, pair: claim }) };
    port.send(pair);
    const paired = expect("paired", await port.next());
    const { proof, ...answer } = paired;
    if (!(await checkProof(key, "broker", { hello, welcome, pair, paired: answer }, proof))) throw new ChannelFault("broker_untrusted");
    await onPaired(welcome, paired);
  };
}

function expect<Type extends Incoming["type"]>(type: Type, message: Incoming): Extract<Incoming, { type: Type }> {
  if (message.type !== type) throw new ChannelFault("violation");
  return message as Extract<Incoming, { type: Type }>;
}

/** Frames both ways over one port. */
export class Session {
  #writer: FrameWriter;
  #reader: FrameReader;
  #sending: Promise<void> = Promise.resolve();

  private constructor(
    private readonly port: BrokerPort,
    readonly welcome: Welcome,
    keys: { toBroker: CryptoKey; toExtension: CryptoKey },
  ) {
    this.#writer = new FrameWriter(keys.toBroker);
    this.#reader = new FrameReader(keys.toExtension);
  }

  /** Run the opening over `port`; throws `ChannelFault`. */
  static async open(port: BrokerPort, device: Device, trust: Trust): Promise<Session> {
    const opening = await open(device, chrome.runtime.getManifest().version);
    port.send(opening.hello);
    const welcome = expect("welcome", await port.next());
    if (!(await signedByItsKey(opening.hello, welcome))) throw new ChannelFault("broker_untrusted");
    await trust(port, opening, welcome);
    const last = await finish(device, opening, welcome);
    port.send(last.finish);
    return new Session(port, welcome, last.keys);
  }

  /** Encrypt and send `message`, in the order of the calls. */
  send(message: ToBroker): Promise<void> {
    // The counter moves when the frames are made, so making and sending must not interleave with the next message's.
    const sent = this.#sending.then(async () => {
      for (const frame of await this.#writer.frames(message)) this.port.send(frame);
    });
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** The next whole message from the broker; rejects when the session is over. */
  async next(): Promise<ToExtension> {
    for (;;) {
      const message = await this.#reader.message(expect("frame", await this.port.next()));
      if (message !== undefined) return readOneOf(TO_EXTENSION, message);
    }
  }

  close(fault: ChannelFault): void {
    this.port.end(fault);
  }
}
