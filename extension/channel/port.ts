/** The native port as a sequence of checked messages. */
import type { HostFault, Messages, Refused } from "../protocol/messages";
import { readOneOf } from "../protocol/validate";
import { ChannelFault, type FaultCode } from "./fault";
import { CHANNEL_VERSION } from "./handshake";

const HOST = "so.ledger.broker";
const INCOMING = {
  welcome: "Welcome",
  skew: "Skew",
  frame: "Frame",
  paired: "Paired",
  refused: "Refused",
  host_fault: "HostFault",
} as const satisfies Record<string, keyof Messages>;

export type Incoming = Messages[(typeof INCOMING)[keyof typeof INCOMING]];

const PAIRING_REFUSALS: Record<Refused["code"], string | null> = {
  bad_code: "This is not the broker's code, or it has expired. Ask for a new one with ledgeros pair.",
  no_code: "The broker has no code open. Ask for one with ledgeros pair.",
  too_many_tries: "Too many wrong codes. Ask for a new one with ledgeros pair.",
  bad_signature: null,
  malformed: null,
};

/** One run of the native messaging host. Ends by `close`, by a fault, or when the host goes. */
export class BrokerPort {
  #port: chrome.runtime.Port;
  #queue: unknown[] = [];
  #waiting: { resolve(message: Incoming): void; reject(fault: unknown): void } | null = null;
  #ended: ChannelFault | null = null;

  constructor() {
    this.#port = chrome.runtime.connectNative(HOST);
    this.#port.onMessage.addListener((message: unknown) => {
      this.#queue.push(message);
      this.#settle();
    });
    this.#port.onDisconnect.addListener(() => {
      const text = chrome.runtime.lastError?.message ?? "";
      this.end(new ChannelFault(/not found|forbidden|Invalid native messaging host/i.test(text) ? "host_missing" : "broker_offline"));
    });
  }

  /** The next message; rejects with the reason once the port has ended. */
  next(): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#settle();
    });
  }

  send(message: object): void {
    if (this.#ended) throw this.#ended;
    this.#port.postMessage(message);
  }

  /** Close the port for `fault`. What came before is still delivered. */
  end(fault: ChannelFault): void {
    if (this.#ended) return;
    this.#ended = fault;
    this.#port.disconnect();
    this.#settle();
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (!waiting || (this.#queue.length === 0 && !this.#ended)) return;
    this.#waiting = null;
    try {
      if (this.#queue.length === 0) throw this.#ended;
      waiting.resolve(expected(readOneOf(INCOMING, this.#queue.shift())));
    } catch (error) {
      waiting.reject(error);
    }
  }
}

/** Which side has to be updated: whoever speaks newer versions only is the newer one. */
function outdated({ versions }: Messages["Skew"]): FaultCode {
  return versions.some((version) => version > CHANNEL_VERSION) ? "extension_outdated" : "broker_outdated";
}

function expected(message: Incoming): Incoming {
  if (message.type === "host_fault") throw new ChannelFault(message.code satisfies HostFault["code"] & FaultCode);
  if (message.type === "skew") throw new ChannelFault(outdated(message));
  if (message.type === "refused") throw new ChannelFault("refused", PAIRING_REFUSALS[message.code]);
  return message;
}
