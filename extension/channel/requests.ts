/** Questions over the channel that have answers: each waits for the one that names its request. */
import { nonce } from "../protocol/canonical";
import type { ToBroker, ToExtension } from "./session";

const ANSWER_MS = 30_000;

type Question = Extract<ToBroker, { requestId: string }>;
type Answer = Extract<ToExtension, { requestId: string }>;

/** What each question is answered with. */
interface Answers {
  enrol: Extract<Answer, { type: "enrol_answer" }>;
  make_grant: Extract<Answer, { type: "grants_answer" }>;
  list_grants: Extract<Answer, { type: "grants_answer" }>;
  act: Extract<Answer, { type: "act_answer" }>;
  ask_coverage: Extract<Answer, { type: "coverage" }>;
}

const ANSWERED_BY: { [Kind in keyof Answers]: Answers[Kind]["type"] } = {
  enrol: "enrol_answer",
  make_grant: "grants_answer",
  list_grants: "grants_answer",
  act: "act_answer",
  ask_coverage: "coverage",
};

/** Why no answer came, in words for the person. */
export class NoAnswerError extends Error {}

export class Asking {
  #open = new Map<string, { type: Answer["type"]; resolve(answer: Answer): void }>();

  constructor(private readonly send: (message: ToBroker) => Promise<void>) {}

  /** Ask; rejects with `NoAnswerError` when the channel is down or nothing comes for `within` ms. */
  async ask<Kind extends keyof Answers>(question: Omit<Extract<Question, { type: Kind }>, "requestId"> & { type: Kind }, within = ANSWER_MS): Promise<Answers[Kind]> {
    const requestId = nonce();
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#open.set(requestId, { type: ANSWERED_BY[question.type], resolve });
      setTimeout(() => reject(new NoAnswerError("LedgerOS did not answer. Try again.")), within);
    });
    answer.catch(() => this.#open.delete(requestId));
    await this.send({ ...question, requestId } as unknown as Question).catch(() => {
      this.#open.delete(requestId);
      throw new NoAnswerError("The broker is not connected. Start it with ledgeros up, then try again.");
    });
    return answer as Promise<Answers[Kind]>;
  }

  /** The broker brought an answer; one that nobody waits for is dropped. */
  answered(answer: Answer): void {
    const open = this.#open.get(answer.requestId);
    if (open?.type !== answer.type) return;
    this.#open.delete(answer.requestId);
    open.resolve(answer);
  }
}
