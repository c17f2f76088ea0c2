/** Keeps one session with the paired broker alive: reconnects with growing pauses, notices silence, pairs on request. */
import type { Device } from "../keys/device";
import { type BrokerPin, type Pins, readPins, writePins } from "../keys/pins";
import { asFault, ChannelFault, type FaultCode } from "./fault";
import { BrokerPort } from "./port";
import { byCode, pinned, Session, type ToBroker, type ToExtension, type Trust } from "./session";

export type ChannelState =
  | { kind: "unpaired" }
  | { kind: "connecting" }
  | { kind: "online" }
  | { kind: "offline"; code: FaultCode; message: string; cure: string };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const OPENING_MS = 15_000;
const PING_MS = 20_000;
// Two pings unanswered: the machine slept, or the broker hangs.
const SILENCE_MS = 50_000;

export interface Listener {
  opened(): void;
  /** The session is over: what it was asked and has not answered, it will not. */
  closed(): void;
  message(message: ToExtension): void;
  changed(): void;
}

export class Connection {
  state: ChannelState = { kind: "connecting" };
  #session: Session | null = null;
  #port: BrokerPort | null = null;
  #pause = FIRST_PAUSE_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(
    private readonly device: Promise<Device>,
    private readonly listener: Listener,
  ) {}

  /** Connect now if there is a paired broker and no session yet. */
  async wake(): Promise<void> {
    if (this.#busy || this.#session) return;
    this.#busy = true;
    clearTimeout(this.#retry);
    try {
      const { broker } = await readPins();
      if (broker) await this.#connect(pinned(broker)).catch(() => undefined);
      else this.#become({ kind: "unpaired" });
    } finally {
      this.#busy = false;
    }
  }

  /** Pair with the broker that shows `code`; returns the pins, or throws `ChannelFault` and leaves the old pairing as it was. */
  async pair(code: string, deviceName: string): Promise<{ pins: Pins; replaces: string | null }> {
    this.#port?.end(new ChannelFault("broker_offline"));
    clearTimeout(this.#retry);
    let replaces: string | null = null;
    const trust = byCode(code, deviceName, async (welcome, paired) => {
      replaces = paired.replaces;
      const pin: BrokerPin = { id: welcome.brokerId, key: welcome.brokerKey, pairedAt: Date.now() };
      const before = await readPins();
      // Enrolment is at one broker: with another one it has to be made again.
      await writePins(before.broker?.id === pin.id ? { broker: pin } : { broker: pin, issuer: null });
    });
    await this.#connect(trust);
    return { pins: await readPins(), replaces };
  }

  /** Send `message`; rejects when there is no session. */
  async send(message: ToBroker): Promise<void> {
    if (!this.#session) throw new ChannelFault("broker_offline");
    await this.#session.send(message);
  }

  async #connect(trust: Trust): Promise<void> {
    this.#become({ kind: "connecting" });
    const port = new BrokerPort();
    this.#port = port;
    const patience = setTimeout(() => port.end(new ChannelFault("silent")), OPENING_MS);
    try {
      const session = await Session.open(port, await this.device, trust);
      clearTimeout(patience);
      this.#session = session;
      this.#pause = FIRST_PAUSE_MS;
      this.#become({ kind: "online" });
      void this.#run(port, session);
      this.listener.opened();
    } catch (error) {
      clearTimeout(patience);
      const fault = asFault(error);
      port.end(fault);
      this.#lost(port, fault);
      throw fault;
    }
  }

  async #run(port: BrokerPort, session: Session): Promise<void> {
    let heard = Date.now();
    const heartbeat = setInterval(() => {
      if (Date.now() - heard > SILENCE_MS) port.end(new ChannelFault("silent"));
      else void session.send({ type: "ping" }).catch(() => undefined);
    }, PING_MS);
    try {
      for (;;) {
        const message = await session.next();
        heard = Date.now();
        if (message.type === "ping") await session.send({ type: "pong" });
        else if (message.type !== "pong") this.listener.message(message);
      }
    } catch (error) {
      const fault = asFault(error);
      port.end(fault);
      if (this.#session === session) {
        this.#session = null;
        this.listener.closed();
      }
      this.#lost(port, fault);
    } finally {
      clearInterval(heartbeat);
    }
  }

  #lost(port: BrokerPort, fault: ChannelFault): void {
    if (this.#port !== port) return; // a newer connection took over
    this.#port = null;
    void readPins().then(({ broker }) => {
      if (this.#port) return;
      if (!broker && fault.code !== "host_missing") return this.#become({ kind: "unpaired" });
      this.#become({ kind: "offline", code: fault.code, message: fault.message, cure: fault.cure });
      this.#retry = setTimeout(() => void this.wake(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    });
  }

  #become(state: ChannelState): void {
    this.state = state;
    this.listener.changed();
  }
}
