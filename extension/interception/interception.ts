/** All watches of this browser, and the browser's events that belong to them. */
import type { Send } from "../protocol/messages";
import { Answers, type Part } from "./answers";
import { clear } from "./leftovers";
import { dropListener } from "./partition";
import { Sockets } from "./sockets";
import { type Ears, type Subject, Watch } from "./watch";

export class Interception {
  #watches = new Set<Watch>();
  #answers: Answers;
  #sockets = new Sockets((tabId) => this.#socketOpened(tabId));

  /** Make it as soon as the worker starts, so that no event is missed. */
  constructor(send: (message: Send) => Promise<void>) {
    this.#answers = new Answers(send);
    chrome.debugger.onEvent.addListener(({ tabId, sessionId }, method, parameters) => {
      if (tabId !== undefined) this.#of(tabId)?.event(tabId, sessionId, method, parameters ?? {});
    });
    chrome.debugger.onDetach.addListener(({ tabId }, reason) => {
      if (tabId !== undefined) this.#of(tabId)?.detached(tabId, reason);
    });
    chrome.tabs.onCreated.addListener(({ id, openerTabId }) => this.#opened(id, openerTabId));
    chrome.webNavigation.onCommitted.addListener(({ tabId }) => this.#of(tabId)?.committed(tabId));
    chrome.webNavigation.onCreatedNavigationTarget.addListener(({ tabId, sourceTabId }) => this.#opened(tabId, sourceTabId));
  }

  /** Clear what an earlier worker left; answers the releases whose card may have been charged. Before the first watch. */
  recover(): Promise<Set<string>> {
    dropListener();
    return clear();
  }

  /** Pause what the tab sends, from when this resolves; rejects when it cannot be watched or is watched already. */
  async watch(subject: Subject, ears: Ears): Promise<Watch> {
    await this.#sockets.loaded;
    if (this.#of(subject.tabId)) throw new Error("the tab is watched for another release");
    const watch = new Watch(subject, this.#answers, this.#sockets, ears);
    this.#watches.add(watch);
    try {
      await watch.start();
      return watch;
    } catch (error) {
      this.#watches.delete(watch);
      throw error;
    }
  }

  async stop(watch: Watch): Promise<void> {
    await watch.stop();
    this.#watches.delete(watch);
  }

  /** The broker said something about a request that was sent. */
  came(part: Part): void {
    this.#answers.came(part);
  }

  /** The channel is gone, and with it every answer that was still to come. */
  lost(): void {
    this.#answers.lost();
  }

  #of(tabId: number): Watch | undefined {
    return [...this.#watches].find((watch) => watch.has(tabId));
  }

  #socketOpened(tabId: number | null): void {
    for (const watch of this.#watches) watch.socketOpened(tabId);
  }

  #opened(tabId: number | undefined, opener: number | undefined): void {
    if (tabId === undefined || opener === undefined || opener === tabId) return;
    void this.#of(opener)?.opened(tabId, opener);
  }
}
