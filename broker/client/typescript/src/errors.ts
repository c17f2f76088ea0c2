/** The server refused. `code` is stable, `nextStep` says what to do, `status` is HTTP's; `retryAfterMs` is set when waiting helps. */
export class AgentError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly sentence: string,
    readonly nextStep: string | null,
    readonly retryAfterMs: number | null = null,
  ) {
    super(nextStep === null ? sentence : `${sentence} ${nextStep}`);
    this.name = "AgentError";
  }
}

/** No answer, or one that is not the API's. Whether the call took effect is unknown. */
export class UnreachableError extends AgentError {
  constructor(sentence: string, nextStep: string) {
    super(0, "unreachable", sentence, nextStep);
    this.name = "UnreachableError";
  }
}
