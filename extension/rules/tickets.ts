/** What waits for a passkey: made by the worker from verified facts, named by a ticket, signed in a page, used once. */
import { b64u, type Bytes, nonce } from "../protocol/canonical";

/** What a page needs to have something signed. `challenge` is base64url; no challenge: no passkey is needed. */
export interface Ticket {
  ticket: string;
  challenge: string | null;
  credentialIds: string[];
}

const MOST = 20;

export class Tickets<Kept> {
  #kept = new Map<string, Kept>();

  /** Keep `kept` until its ticket comes back. */
  issue(kept: Kept, challenge: Bytes | null, credentialIds: string[]): Ticket {
    const ticket = nonce();
    this.#kept.set(ticket, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest) this.#kept.delete(oldest);
    return { ticket, challenge: challenge && b64u(challenge), credentialIds };
  }

  /** What was kept under `ticket`; a second time there is nothing. */
  take(ticket: string): Kept {
    const kept = this.#kept.get(ticket);
    this.#kept.delete(ticket);
    if (!kept) throw new Error("That took too long. Try again.");
    return kept;
  }
}
