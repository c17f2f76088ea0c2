/** One release while the page is about to pay: its tab and what that opens, every paused request, and what cannot be paused. */
import { nonce } from "../protocol/canonical";
import type { Send } from "../protocol/messages";
import { carryOut, failed, goOn } from "./act";
import type { Answer, Answers } from "./answers";
import { asText, bodyOf, fits, holdsFile, inflated, textOf } from "./body";
import type { RequestPaused, TargetInfo } from "./events";
import { isSendable, prepare } from "./fit";
import { headersOf, partitionedCookies } from "./headers";
import { answered, forget, keepSent, keepTab } from "./leftovers";
import { header, type Seat, senderOf } from "./sender";
import type { HasSockets } from "./sockets";
import { StandIn } from "./stand_in";
import { WatchedTab } from "./tab";
import { sendsUnpartitioned } from "./third_party";

/** What the release hears of its watch. Sentences are for people. */
export interface Ears {
  /** The stand-in went where nothing can be paused. */
  unseen(sentence: string): void;
  /** It may have, should nothing else be seen. */
  maybe(sentence: string): void;
  /** A request with the stand-in was paused. */
  seen(): void;
  /** Nothing is watched any more: somebody ended the debugging. `out`: while a request was being paid, and the page sent it again. */
  blinded(sentence: string, out: boolean): void;
}

export interface Subject {
  releaseId: string;
  tabId: number;
  /** The stand-in's digits. */
  number: string;
}

export class Watch {
  #tabs = new Map<number, WatchedTab>();
  #standIn: StandIn;
  #inHand = new Map<string, Promise<void>>();
  #over = false;

  constructor(
    private readonly subject: Subject,
    private readonly answers: Answers,
    private readonly sockets: HasSockets,
    private readonly ears: Ears,
  ) {
    this.#standIn = new StandIn(subject.number);
    prepare();
  }

  /** Attach to the tab; rejects when it cannot be watched. */
  start(): Promise<void> {
    return this.#open(this.subject.tabId, null);
  }

  has(tabId: number): boolean {
    return this.#tabs.has(tabId);
  }

  /** A tab was opened from one that is watched: what it sends may be the payment. */
  async opened(tabId: number, opener: number): Promise<void> {
    if (this.#over || this.#tabs.has(tabId)) return;
    this.ears.maybe("A tab was opened, and what it sent first may have gone out before it could be paused.");
    await this.#open(tabId, opener).catch(() => undefined);
  }

  /** A document of the tab came in place of another. */
  committed(tabId: number): void {
    this.#tabs.get(tabId)?.reframed();
  }

  /** The first WebSocket was opened in the tab, or with null in a worker of no tab. */
  socketOpened(tabId: number | null): void {
    const tabs = tabId === null ? [...this.#tabs.values()] : [this.#tabs.get(tabId)];
    if (tabId !== null && tabs[0]) this.ears.maybe("The page opened a WebSocket; what it sent there first may not have been read.");
    for (const tab of tabs) tab?.socketOpened();
  }

  /**
   * Stop watching. A request whose end is not known is failed, never let go: it may have been paid already.
   * What has its answer gets it first.
   */
  async stop(): Promise<void> {
    this.#over = true;
    this.answers.lost(this.#inHand.keys());
    await Promise.allSettled(this.#inHand.values());
    await Promise.all([...this.#tabs.values()].map((tab) => tab.close()));
    await forget(this.subject.releaseId);
    this.#tabs.clear();
  }

  /** The debugger was taken off `tabId`. */
  detached(tabId: number, reason: string): void {
    this.#tabs.get(tabId)?.lost();
    if (!this.#tabs.delete(tabId) || this.#over) return;
    if (reason === "target_closed") return;
    // The browser lets a request in hand go on as the page made it.
    if (this.#inHand.size > 0) this.ears.blinded("Somebody ended the debugging while the payment was out, so the page did not get the merchant's answer to it.", true);
    else this.ears.blinded("Somebody ended the debugging that pauses the payment, so it could not be replaced.", false);
  }

  event(tabId: number, sessionId: string | undefined, method: string, parameters: object): void {
    const tab = this.#tabs.get(tabId);
    const seat = tab?.seat(sessionId);
    if (!tab || !seat) return;
    switch (method) {
      case "Fetch.requestPaused":
        return this.#paused(tab, seat, parameters as RequestPaused);
      case "Target.attachedToTarget":
        return tab.entered(parameters as { sessionId: string; targetInfo: TargetInfo });
      case "Target.targetInfoChanged":
        return tab.moved((parameters as { targetInfo: TargetInfo }).targetInfo);
      case "Target.detachedFromTarget":
        return tab.left((parameters as { sessionId: string }).sessionId);
      case "Network.webSocketFrameSent":
        return this.#overSocket(parameters as { response: { payloadData: string } });
    }
  }

  async #open(tabId: number, opener: number | null): Promise<void> {
    const tab = new WatchedTab(tabId, opener, this.sockets);
    this.#tabs.set(tabId, tab);
    // At once: a tab that was just opened sends its first request any moment.
    const kept = keepTab(this.subject.releaseId, tabId);
    await tab.open().catch((error: unknown) => {
      this.#tabs.delete(tabId);
      throw error;
    });
    await kept;
    if (this.#over) await tab.close();
  }

  #overSocket({ response }: { response: { payloadData: string } }): void {
    if (this.#standIn.isIn(response.payloadData)) this.ears.unseen("The page sent the stand-in over a WebSocket, where it cannot be replaced.");
  }

  // No await on the way of what carries nothing: every request of the page passes here.
  #paused(tab: WatchedTab, seat: Seat, event: RequestPaused): void {
    const { request, requestId } = event;
    const plain = this.#standIn.isIn(request.url) || (request.hasPostData === true && this.#standIn.isIn(textOf(request)));
    if (this.#over || (!plain && !mayHide(event))) return void goOn(seat.place, requestId);
    const id = nonce();
    const done = this.#carry(id, tab, seat, event, plain).finally(() => this.#inHand.delete(id));
    this.#inHand.set(id, done);
  }

  async #carry(id: string, tab: WatchedTab, seat: Seat, event: RequestPaused, plain: boolean): Promise<void> {
    const { place } = seat;
    const made = await this.#sendOf(id, tab, seat, event, plain).catch(() => null);
    if (!made) return goOn(place, event.requestId);
    this.ears.seen();
    let answer: Answer | null = null;
    try {
      // Written while the answer is on its way: the page waits for this request.
      answer = await this.answers.ask(made.send, () => void keepSent(this.subject.releaseId, { ...place, requestId: event.requestId }));
    } catch {
      return failed(place, event.requestId); // the channel is down: nothing was sent, and the page may try again
    }
    await carryOut(place, event.requestId, answer, await made.unpartitioned);
    answered(this.subject.releaseId, event.requestId);
  }

  async #sendOf(id: string, tab: WatchedTab, seat: Seat, event: RequestPaused, plain: boolean): Promise<{ send: Send; unpartitioned: Promise<boolean> } | null> {
    const body = bodyOf(event.request);
    if (!body) return this.#missed(plain ? "The payment carries a file from the disk, so the stand-in in it could not be replaced." : "The page sent a body that the browser does not show.");
    if (!plain && !(await this.#isIn(body))) return null;
    if (!fits(body)) return this.#missed("The page's request is larger than 4 MB, so the stand-in in it could not be replaced.");
    const [sender, stored] = await Promise.all([senderOf(seat, tab.opener, event), partitionedCookies(tab.partition, seat, event)]);
    if (!sender) return this.#missed("The payment came from a frame that has no address of its own, so the stand-in could not be replaced.");
    const unpartitioned = sendsUnpartitioned(seat, sender, event);
    // A request without such cookies goes before that is known: it is time enough when the answer comes.
    const keeps = header(event, "cookie") === undefined || (await unpartitioned);
    const send: Send = {
      type: "send",
      requestId: id,
      releaseId: this.subject.releaseId,
      url: event.request.url,
      method: event.request.method.toUpperCase(),
      headers: headersOf(event, sender, stored, keeps),
      body: asText(body),
      topOrigin: sender.topOrigin,
      frameOrigin: sender.frameOrigin,
      resourceType: sender.resourceType,
    };
    if (!isSendable(send)) return this.#missed("The page's request has a method, an address or headers that no payment has, so the stand-in in it could not be replaced.");
    return { send, unpartitioned };
  }

  async #isIn(body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const text = new TextDecoder("latin1").decode(body);
    return this.#standIn.isIn(text) || this.#standIn.isIn((await inflated(body)) ?? "");
  }

  #missed(sentence: string): null {
    this.ears.unseen(sentence);
    return null;
  }
}

/** Whether the body must be looked into: it did not come with the pause, or it may be compressed. */
function mayHide(event: RequestPaused): boolean {
  const { hasPostData, postDataEntries } = event.request;
  if (!hasPostData || holdsFile(postDataEntries)) return false;
  const first = postDataEntries?.[0]?.bytes;
  const missing = !postDataEntries;
  // H4s is gzip's first bytes in base64, eA to eP those of zlib.
  return missing || header(event, "content-encoding") !== undefined || /^(H4s|e[A-P])/.test(first ?? "");
}
