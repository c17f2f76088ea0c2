/** The broker's answers to `Send`: collected until `End`, since only with a good one may anything of them be shown. */
import { type Bytes, concat, unb64u } from "../protocol/canonical";
import type { Chunk, End, Head, Send, WholeAnswer } from "../protocol/messages";

export type Part = Head | Chunk | End;

/** What came back, whole. `head` is null when there was no answer to show, `body` null when it was above 8 MB. */
export interface Answer {
  head: Head | WholeAnswer | null;
  body: Bytes | null;
  end: End;
}

const MOST_BYTES = 8_000_000;
// Above what the egress allows a merchant (broker/egress/network.py): a broker that says nothing after that will not.
const LONGEST_MS = 120_000;

interface Open {
  head: Head | null;
  parts: Bytes[];
  size: number;
  done(answer: Answer | null): void;
}

export class Answers {
  #open = new Map<string, Open>();

  constructor(private readonly send: (message: Send) => Promise<void>) {}

  /** Send, say so through `sent`, and wait for its end; null when the connection went away or nothing came: then the card may have been charged. Rejects when it could not be sent. */
  async ask(request: Send, sent: () => void = () => undefined): Promise<Answer | null> {
    const answer = new Promise<Answer | null>((done) => this.#open.set(request.requestId, { head: null, parts: [], size: 0, done }));
    const timer = setTimeout(() => this.#close(request.requestId, null), LONGEST_MS);
    try {
      await this.send(request);
      sent();
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#open.delete(request.requestId);
    }
  }

  /** The broker said something about a request; one that nobody waits for is dropped. */
  came(part: Part): void {
    const open = this.#open.get(part.requestId);
    if (!open) return;
    if (part.type === "head") open.head = part;
    else if (part.type === "chunk") this.#more(open, unb64u(part.data));
    else this.#close(part.requestId, part.answer ? { head: part.answer, body: unb64u(part.answer.data), end: part } : gathered(open, part));
  }

  /** The channel is gone, or the release is over: nobody will answer `requestIds` (all when left out). */
  lost(requestIds: Iterable<string> = [...this.#open.keys()]): void {
    for (const id of requestIds) this.#close(id, null);
  }

  #more(open: Open, data: Bytes): void {
    open.size += data.length;
    if (open.size > MOST_BYTES) open.parts = [];
    else open.parts.push(data);
  }

  #close(requestId: string, answer: Answer | null): void {
    this.#open.get(requestId)?.done(answer);
    this.#open.delete(requestId);
  }
}

function gathered({ head, size, parts }: Open, end: End): Answer {
  return { head, body: size > MOST_BYTES ? null : concat(...parts), end };
}
