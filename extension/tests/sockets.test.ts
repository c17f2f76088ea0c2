import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sockets } from "../interception/sockets";

type Heard<Details> = (details: Details) => void;

let kept: Record<string, unknown>;
let opened: Heard<{ tabId: number }>;
let closed: Heard<number>;

beforeEach(() => {
  kept = {};
  vi.stubGlobal("chrome", {
    webRequest: { onBeforeRequest: { addListener: (heard: typeof opened) => (opened = heard) } },
    tabs: { onRemoved: { addListener: (heard: typeof closed) => (closed = heard) }, query: async () => [{ id: 1 }, { id: 2 }] },
    storage: { session: { get: async () => structuredClone(kept), set: async (values: object) => Object.assign(kept, values) } },
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("tabs with WebSockets", () => {
  it("are at first all that are open, and workers", async () => {
    const sockets = new Sockets(() => undefined);
    await sockets.loaded;
    expect([1, 2, 3, null].map((tab) => sockets.in(tab))).toEqual([true, true, false, true]);
  });
  it("are told at their first", async () => {
    const told: (number | null)[] = [];
    kept = { sockets: [] };
    const sockets = new Sockets((tab) => told.push(tab));
    await sockets.loaded;
    for (const tabId of [3, 3, -1]) opened({ tabId });
    expect(told).toEqual([3, null]);
    expect([3, null, 4].map((tab) => sockets.in(tab))).toEqual([true, true, false]);
  });
  it("are known to the next worker, until they close", async () => {
    kept = { sockets: [5, 6] };
    await new Sockets(() => undefined).loaded;
    closed(5);
    const next = new Sockets(() => undefined);
    await next.loaded;
    expect([5, 6].map((tab) => next.in(tab))).toEqual([false, true]);
  });
});
