import { setTimeout as sleep } from "node:timers/promises";

import { UnreachableError } from "./errors.js";
import type { Outcome } from "./outcomes.js";
import { Endpoint, present, type Json } from "./transport.js";

const POLL_SECONDS = 30;

/** A release as the agent sees it: never a value, only which fields were filled. Times are Unix milliseconds. */
export interface Release {
  id: string;
  status: "pending" | "approved" | "filling" | "paying" | "finished";
  outcome: Outcome | null;
  message: string | null;
  nextStep: string | null;
  cardId: string | null;
  last4: string | null;
  origin: string | null;
  mode: "direct" | "surrogate" | null;
  fields: string[];
  createdAt: number;
  expiresAt: number;
  finishedAt: number | null;
  intentId: string | null;
  retryAt: number | null;
}

/** Where to pay, and either a token or an intent. */
export interface ReleaseRequest {
  detailsToken?: string;
  intentId?: string;
  pageUrl: string;
  purpose?: string;
}

/** The broker's agent API. */
export class BrokerClient extends Endpoint {
  protected readonly title = "The broker";

  constructor(url: string, credential: string, caFile: string) {
    super(url, { Authorization: `Bearer ${credential}` }, caFile);
  }

  /** `POST /v1/releases`. Asking twice with one token or intent answers the same release. */
  async requestRelease(asked: ReleaseRequest, signal?: AbortSignal): Promise<Release> {
    return readRelease(await this.call("POST", "/v1/releases", { body: present({ ...asked }), timeout: 20_000, signal }));
  }

  /** `POST /v1/releases/{id}/token`; 409 `no_token_wanted` when the release does not wait for one. */
  async giveToken(releaseId: string, detailsToken: string, signal?: AbortSignal): Promise<Release> {
    return readRelease(await this.call("POST", `${path(releaseId)}/token`, { body: { detailsToken }, timeout: 20_000, signal }));
  }

  /** `DELETE /v1/releases/{id}`: take it back; 409 `too_late` once the card's details are with the browser, or it ended otherwise. */
  async withdraw(releaseId: string): Promise<Release> {
    return readRelease(await this.call("DELETE", path(releaseId), {}));
  }

  /** The release once it is finished, or as it is after `seconds`. */
  wait(releaseId: string, seconds: number, signal?: AbortSignal): Promise<Release> {
    return this.#wait(releaseId, seconds, (release) => release.status === "finished", signal, "finished");
  }

  /** The release once the form is to be submitted (`paying`, or finished as `filled`) or it ended otherwise, or as it is after `seconds`. */
  waitUntilReady(releaseId: string, seconds: number, signal?: AbortSignal): Promise<Release> {
    return this.#wait(releaseId, seconds, ({ status }) => status === "paying" || status === "finished", signal);
  }

  /** The release once somebody decided (or it ended), or as it is after `seconds`. */
  waitForDecision(releaseId: string, seconds: number, signal?: AbortSignal): Promise<Release> {
    return this.#wait(releaseId, seconds, (release) => release.status !== "pending", signal);
  }

  /** The release once the form is to be submitted or the token came to nothing (`approved` with an outcome), or as it is after `seconds`. */
  waitForFill(releaseId: string, seconds: number, signal?: AbortSignal): Promise<Release> {
    const enough = ({ status, outcome }: Release): boolean =>
      status === "paying" || status === "finished" || (status === "approved" && outcome !== null);
    return this.#wait(releaseId, seconds, enough, signal);
  }

  async #wait(
    releaseId: string, seconds: number, enough: (release: Release) => boolean, signal?: AbortSignal, until: "ready" | "finished" = "ready",
  ): Promise<Release> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const left = (deadline - performance.now()) / 1000;
      const poll = Math.max(0, Math.min(POLL_SECONDS, Math.round(left)));
      let release: Release | undefined;
      try {
        const timeout = (poll + 10) * 1000;
        release = readRelease(await this.call("GET", `${path(releaseId)}?wait=${poll}&until=${until}`, { timeout, signal }));
      } catch (error) {
        // A broker that is restarted meanwhile is waited for.
        if (!(error instanceof UnreachableError) || left <= 0) throw error;
        await sleep(500, undefined, { signal });
        continue;
      }
      if (enough(release) || left <= 0) return release;
      if (release.status === "approved" && until === "ready") await sleep(1_000, undefined, { signal }); // the broker answers at once while it waits for a token
    }
  }
}

function path(releaseId: string): string {
  return `/v1/releases/${encodeURIComponent(releaseId)}`;
}

function readRelease(answer: Json): Release {
  if (typeof answer["id"] !== "string" || typeof answer["status"] !== "string" || !Array.isArray(answer["fields"])) {
    throw new UnreachableError("The broker answered something else than a release.", "Use a client of the broker's version.");
  }
  return answer as unknown as Release;
}
