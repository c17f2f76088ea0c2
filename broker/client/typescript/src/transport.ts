import { readFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:https";

import { AgentError, UnreachableError } from "./errors.js";

const ANSWER_BYTES = 256 * 1024;

export type Json = Record<string, unknown>;

export interface Call {
  body?: Json;
  /** Milliseconds until the call is given up. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

interface Reply {
  status: number;
  text: string;
}

/** One HTTPS endpoint: trusted CA, timeouts, no redirects, errors as exceptions. It shows its address only. */
export abstract class Endpoint {
  protected abstract readonly title: string;
  readonly url: string;
  // Private names, so that no inspection or JSON of a client shows a secret.
  readonly #headers: Record<string, string>;
  readonly #agent: Agent;

  constructor(url: string, headers: Record<string, string>, caFile: string) {
    if (!url.startsWith("https://")) throw new TypeError("the URL must start with https://");
    this.url = url.replace(/\/+$/, "");
    this.#headers = headers;
    this.#agent = new Agent({ ca: readFileSync(caFile), keepAlive: true });
  }

  /** Lets go of the connections. */
  close(): void {
    this.#agent.destroy();
  }

  protected async call(method: string, path: string, call: Call = {}): Promise<Json> {
    const reply = await this.#send(method, path, call);
    let answer: unknown;
    try {
      answer = JSON.parse(reply.text);
    } catch {
      answer = null;
    }
    if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
      throw new UnreachableError(`${this.title} answered ${reply.status} without JSON.`, "Check the address.");
    }
    if (reply.status >= 200 && reply.status < 300) return answer as Json;
    throw this.#refusal(reply.status, answer as Json);
  }

  #refusal(status: number, answer: Json): AgentError {
    const text = (member: string): string | null => (typeof answer[member] === "string" ? (answer[member] as string) : null);
    const code = text("code") ?? (status === 429 ? "rate_limited" : "error");
    const wait = typeof answer["retryAfter"] === "number" ? answer["retryAfter"] : null;
    return new AgentError(status, code, text("error") ?? `${this.title} answered ${status}.`, text("hint"), wait);
  }

  #send(method: string, path: string, call: Call): Promise<Reply> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const signals = [AbortSignal.timeout(call.timeout ?? 10_000), ...(call.signal === undefined ? [] : [call.signal])];
    const options: RequestOptions = {
      method,
      agent: this.#agent,
      headers: { ...this.#headers, ...(body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }) },
      signal: AbortSignal.any(signals),
    };
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(call.signal?.aborted === true ? call.signal.reason : this.#fault(error));
      const sent = request(this.url + path, options, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          size += part.length;
          if (size > ANSWER_BYTES) sent.destroy(new Error("too large"));
          else parts.push(part);
        });
        response.on("error", failed);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") }));
      });
      sent.on("error", failed);
      sent.end(body);
    });
  }

  #fault(error: Error & { code?: string }): UnreachableError {
    if (error.name === "AbortError" || error.name === "TimeoutError") {
      return new UnreachableError(`${this.title} did not answer in time.`, "Try again later.");
    }
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(error.code ?? "")) {
      return new UnreachableError(`${this.title}'s certificate is not from the CA in caFile.`, "Check caFile and the address.");
    }
    return new UnreachableError(`${this.title} cannot be reached.`, "Check that it runs, and its address.");
  }
}

/** `given` without the members that are undefined. */
export function present(given: Json): Json {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
