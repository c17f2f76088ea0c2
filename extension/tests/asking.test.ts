import { describe, expect, it, vi } from "vitest";
import { Asking, NoAnswerError } from "../channel/requests";
import type { ToBroker } from "../channel/session";
import { Tickets } from "../rules/tickets";

describe("a question to LedgerOS", () => {
  it("is answered by what names it and is of its kind, once", async () => {
    const sent: ToBroker[] = [];
    const asking = new Asking(async (message) => void sent.push(message));
    const asked = asking.ask({ type: "list_grants" });
    const { requestId } = sent[0] as { requestId: string };
    asking.answered({ type: "grants_answer", requestId: "another", grants: [], error: "not this" });
    asking.answered({ type: "act_answer", requestId, error: null });
    asking.answered({ type: "grants_answer", requestId, grants: [], error: null });
    asking.answered({ type: "grants_answer", requestId, grants: [], error: "too late" });
    expect(await asked).toEqual({ type: "grants_answer", requestId, grants: [], error: null });
  });
  it("says so when the channel is down, or nothing comes", async () => {
    const down = new Asking(() => Promise.reject(new Error("down")));
    await expect(down.ask({ type: "list_grants" })).rejects.toThrow(NoAnswerError);
    vi.useFakeTimers();
    const asked = expect(new Asking(async () => undefined).ask({ type: "list_grants" })).rejects.toThrow("did not answer");
    await vi.advanceTimersByTimeAsync(30_000);
    await asked;
    vi.useRealTimers();
  });
});

describe("what waits for a passkey", () => {
  it("is signed once, and not for ever", () => {
    const tickets = new Tickets<number>();
    const first = tickets.issue(1, new Uint8Array([1]), ["credential"]);
    expect(first).toMatchObject({ challenge: "AQ", credentialIds: ["credential"] });
    const second = tickets.issue(2, null, []);
    expect(tickets.take(second.ticket)).toBe(2);
    expect(() => tickets.take(second.ticket)).toThrow("Try again");
    for (let n = 0; n < 20; n += 1) tickets.issue(n, null, []);
    expect(() => tickets.take(first.ticket)).toThrow("Try again");
  });
});
