/** One tab with everything in it under the debugger: its page, frames of other processes, workers. */
import { attach, command, detach, type Place } from "./debuggee";
import type { TargetInfo } from "./events";
import type { Seat } from "./sender";

// Only these can carry a body that a page chose; everything else passes without a stop.
const PAUSED_TYPES = ["Document", "XHR", "Fetch", "Ping", "Other"];
const PATTERNS = PAUSED_TYPES.map((resourceType) => ({ urlPattern: "*", resourceType, requestStage: "Request" }));
// The browser keeps no bodies for us: the pause carries what is needed.
const KEEP_NOTHING = { maxTotalBufferSize: 0, maxResourceBufferSize: 0, maxPostDataSize: 0 };

export class WatchedTab {
  /** By session; the page itself has none. */
  #seats = new Map<string | undefined, Seat>();
  #attached = false;

  /** `opener` is the tab that opened this one, when it was opened while watched. */
  constructor(
    readonly tabId: number,
    readonly opener: number | null,
  ) {
    this.#seats.set(undefined, { place: { tabId }, targetId: null, type: "page", url: "" });
  }

  /** Attach and pause; rejects when the tab cannot be watched. What is in it already follows by events. */
  async open(): Promise<void> {
    await attach(this.tabId);
    this.#attached = true;
    if (!(await arm({ tabId: this.tabId }))) {
      await this.close();
      throw new Error("the tab does not pause its requests");
    }
  }

  async close(): Promise<void> {
    if (this.#attached) await detach(this.tabId);
    this.#attached = false;
  }

  seat(sessionId: string | undefined): Seat | undefined {
    return this.#seats.get(sessionId);
  }

  /** A frame or worker came: it waits until it is armed as well. */
  entered({ sessionId, targetInfo }: { sessionId: string; targetInfo: TargetInfo }): void {
    const place = { tabId: this.tabId, sessionId };
    this.#seats.set(sessionId, { place, targetId: targetInfo.targetId, type: targetInfo.type, url: targetInfo.url });
    void arm(place);
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
}

// Dedicated workers have no Fetch domain: their requests are paused in their page's session.
// All are sent at once: a service worker that waits to start answers only after the last.
async function arm(place: Place): Promise<boolean> {
  const [paused] = await Promise.all([
    command(place, "Fetch.enable", { patterns: PATTERNS }),
    command(place, "Network.enable", KEEP_NOTHING),
    command(place, "Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }),
    command(place, "Runtime.runIfWaitingForDebugger"),
  ]);
  return paused !== null;
}
