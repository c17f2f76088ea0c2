/** A page's line to the worker: the state as it changes, and requests with answers. */
import { useEffect, useState } from "preact/hooks";
import { type AppState, PORT_NAME, type Requests, type Tell } from "./wire";

// The browser may stop and restart the worker while a page is open.
const AGAIN_MS = 250;

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Worker {
  #port: chrome.runtime.Port | null = null;
  #pending = new Map<number, Pending>();
  #n = 0;

  constructor(private readonly show: (state: AppState) => void) {
    this.#connect();
  }

  ask<Name extends keyof Requests>(name: Name, ask: Requests[Name]["ask"]): Promise<Requests[Name]["answer"]> {
    const n = ++this.#n;
    return new Promise((resolve, reject) => {
      if (!this.#port) return reject(new Error("The extension is starting. Try again."));
      this.#pending.set(n, { resolve: resolve as (answer: unknown) => void, reject });
      this.#port.postMessage({ n, name, ask });
    });
  }

  #connect(): void {
    const port = chrome.runtime.connect({ name: PORT_NAME });
    this.#port = port;
    port.onMessage.addListener((message: Tell) => this.#told(message));
    port.onDisconnect.addListener(() => {
      this.#port = null;
      for (const { reject } of this.#pending.values()) reject(new Error("The extension restarted. Try again."));
      this.#pending.clear();
      setTimeout(() => this.#connect(), AGAIN_MS);
    });
  }

  #told(message: Tell): void {
    if ("state" in message) return this.show(message.state);
    const pending = this.#pending.get(message.n);
    this.#pending.delete(message.n);
    if ("error" in message) pending?.reject(new Error(message.error));
    else pending?.resolve(message.answer);
  }
}

/** Go on in a window of its own, which a passkey prompt does not close. */
export function goToWindow(worker: Worker): void {
  void worker.ask("window", {}).then(() => window.close());
}

/** The worker and what it last told; null until it did. */
export function useWorker(): { worker: Worker | null; state: AppState | null } {
  const [state, setState] = useState<AppState | null>(null);
  const [worker, setWorker] = useState<Worker | null>(null);
  useEffect(() => setWorker(new Worker(setState)), []);
  return { worker, state };
}
