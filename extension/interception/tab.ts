/** One tab with everything in it under the debugger: its page, frames of other processes, workers. */
import { attach, command, detach } from "./debuggee";
import type { TargetInfo } from "./events";
import { Partition } from "./partition";
import { learnFrames, NOTHING_SEEN, type Seat } from "./sender";
import type { HasSockets } from "./sockets";

// Only these can carry a body that a page chose; everything else passes without a stop.
const PAUSED_TYPES = ["Document", "XHR", "Fetch", "Ping", "Other"];
const PATTERNS = PAUSED_TYPES.map((resourceType) => ({ urlPattern: "*", resourceType, requestStage: "Request" }));
// The browser keeps no bodies for us: what is read are the frames of WebSockets.
const KEEP_NOTHING = { maxTotalBufferSize: 0, maxResourceBufferSize: 0, maxPostDataSize: 0 };

export class WatchedTab {
  readonly partition = new Partition();
  /** By session; the page itself has none. */
  #seats = new Map<string | undefined, Seat>();
  #attached = false;

  /** `opener` is the tab that opened this one, when it was opened while watched. */
  constructor(
    readonly tabId: number,
    readonly opener: number | null,
    private readonly sockets: HasSockets,
  ) {
    this.#seats.set(undefined, { place: { tabId }, targetId: null, type: "page", url: "", seen: NOTHING_SEEN });
  }

  /** Attach and pause; rejects when the tab cannot be watched. What is in it already follows by events. */
  async open(): Promise<void> {
    await attach(this.tabId);
    this.#attached = true;
    if (!(await this.#arm(this.#seats.get(undefined) as Seat))) {
      await this.close();
      throw new Error("the tab does not pause its requests");
    }
  }

  /** The first WebSocket was opened. */
  socketOpened(): void {
    for (const seat of this.#seats.values()) void this.#hear(seat);
  }

  async close(): Promise<void> {
    const attached = this.#attached;
    this.lost();
    if (attached) await detach(this.tabId);
  }

  /** The debugger is not there any more. */
  lost(): void {
    this.#attached = false;
    this.partition.leave();
  }

  seat(sessionId: string | undefined): Seat | undefined {
    return this.#seats.get(sessionId);
  }

  /** A frame or worker came: it waits until it is armed as well. */
  entered({ sessionId, targetInfo }: { sessionId: string; targetInfo: TargetInfo }): void {
    const { targetId, type, url } = targetInfo;
    const seat: Seat = { place: { tabId: this.tabId, sessionId }, targetId, type, url, seen: NOTHING_SEEN };
    this.#seats.set(sessionId, seat);
    void this.#arm(seat);
  }

  /** It navigated. */
  moved(targetInfo: TargetInfo): void {
    for (const seat of this.#seats.values()) {
      if (seat.targetId === targetInfo.targetId) seat.url = targetInfo.url;
    }
  }

  left(sessionId: string): void {
    this.#seats.delete(sessionId);
  }

  /** A document came in place of another: what was known of frames is not, until they were seen again. */
  reframed(): void {
    this.partition.leave();
    for (const seat of this.#seats.values()) void this.#learn(seat);
  }

  // Dedicated workers have no Fetch domain: their requests are paused in their page's session.
  // All are sent at once: a service worker that waits to start answers only after the last.
  async #arm(seat: Seat): Promise<boolean> {
    const { place } = seat;
    const [paused] = await Promise.all([
      command(place, "Fetch.enable", { patterns: PATTERNS }),
      this.#hear(seat),
      command(place, "Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }),
      command(place, "Runtime.runIfWaitingForDebugger"),
    ]);
    void this.#learn(seat);
    return paused !== null;
  }

  async #learn(seat: Seat): Promise<void> {
    const top = await learnFrames(seat);
    if (this.#attached && seat.place.sessionId === undefined && top !== null) await this.partition.enter(top);
  }

  async #hear({ place, type }: Seat): Promise<void> {
    const ofNoTab = type === "service_worker" || type === "shared_worker";
    if (this.sockets.in(ofNoTab ? null : this.tabId)) await command(place, "Network.enable", KEEP_NOTHING);
  }
}
