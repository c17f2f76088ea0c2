import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome } from "../protocol/messages";
import { type Cover, coverOf, firstMode, isNews, type Mode, modeBefore, mustLook, mustPick, recipientOf, rememberMode, rulesFor } from "../release/mode";
import { modeView } from "../release/mode_view";
import type { Release } from "../release/release";

const coverage = { type: "coverage" as const, requestId: "r", verdict: "covered" as const, names: ["P"], keyId: "k1" };
const cover: Cover = { verdict: "covered", keyId: "k1", taught: null, newlyTaught: false, before: null, debugged: false, picked: false };
const taught = { by: "ada", at: Date.UTC(2026, 10, 3, 12), hosts: ["pay.example", "b.example", "c.example", "d.example"] };
const none: Cover = { ...cover, verdict: "unknown", keyId: null };

describe("paying without showing the number", () => {
  it("is possible with a key that LedgerOS names, and no other", () => {
    expect(coverOf(coverage, ["k1"])).toEqual({ verdict: "covered", keyId: "k1", taught: null });
    expect(coverOf(coverage, ["k2"])).toEqual({ verdict: "key_unknown", keyId: null, taught: null });
    expect(coverOf(coverage, [])).toEqual({ verdict: "no_egress", keyId: null, taught: null });
    expect(coverOf(null, ["k1"])).toEqual({ verdict: "egress_unavailable", keyId: null, taught: null });
    expect(coverOf({ ...coverage, verdict: "unknown" }, ["k1"])).toEqual({ verdict: "unknown", keyId: null, taught: null });
  });
  it("is what happens where it is possible and nothing else was chosen before", () => {
    expect([firstMode(cover), firstMode({ ...cover, before: "direct" }), firstMode(none)]).toEqual(["surrogate", "direct", "direct"]);
  });
  it("seals to the egress only in its mode", () => {
    expect(recipientOf({ mode: "surrogate", cover }, "own")).toBe("k1");
    expect(recipientOf({ mode: "direct", cover }, "own")).toBe("own");
  });
});

describe("a shop that did not see the number before", () => {
  const before = { ...none, before: "surrogate" as const };
  it("sees it only after the person said so", () => {
    expect([mustPick({ cover: before }), mustPick({ cover: { ...before, picked: true } }), mustPick({ cover: none }), mustPick({ cover: null })]).toEqual([true, false, false, false]);
  });
  it("waits for the person where an egress is enrolled and cannot be asked", () => {
    const absent: Cover = { ...cover, verdict: "egress_unavailable", keyId: null };
    const asked = (cover: Partial<Cover>) => mustPick({ cover: { ...absent, ...cover } });
    expect([asked({}), asked({ verdict: "key_unknown" }), asked({ before: "direct" }), asked({ picked: true }), asked({ verdict: "unknown" })]).toEqual([true, true, false, false, false]);
  });
  it("is named in the popup", () => {
    const view = modeView({ mode: "direct", cover: before, target: null, decision: null });
    expect(view).toMatchObject({ mustPick: true, other: null, sentence: "This page, and an agent that reads it, will see the number." });
    expect(view.warnings[0]).toContain("Last time");
  });
});

describe("a standing rule", () => {
  const rule = (modes: Mode[]) => ({ grant: { modes } });
  const rules = [rule(["surrogate"]), rule(["direct", "surrogate"]), rule(["direct"])];
  const decides = (mode: Mode, over: Cover | null) => rulesFor({ mode, cover: over, facts: { grants: rules } } as unknown as Release);
  it("that allows both ways shows no number that the page need not see", () => {
    expect(decides("direct", { ...cover, before: "direct" })).toEqual([rule(["direct"])]);
  });
  it("decides otherwise as ever", () => {
    for (const asked of [decides("surrogate", cover), decides("direct", none), decides("direct", null)]) expect(asked).toEqual(rules);
  });
});

describe("what is remembered of a shop", () => {
  const SHOP = "https://shop.example.com";
  const paid = (mode: Mode, paidWith: Cover, outcome: Outcome) => rememberMode({ decision: { mode, seen: { origin: SHOP } }, cover: paidWith } as Release, outcome);

  beforeEach(() => {
    const kept: Record<string, unknown> = {};
    vi.stubGlobal("chrome", { storage: { local: { get: async () => kept, set: async (more: object) => void Object.assign(kept, more) } } });
  });
  it("is the mode that worked", async () => {
    await paid("surrogate", cover, "submitted");
    expect(await modeBefore(SHOP)).toBe("surrogate");
    await paid("direct", { ...cover, picked: true }, "filled");
    expect(await modeBefore(SHOP)).toBe("direct");
    await paid("surrogate", { ...cover, picked: true }, "swap_not_seen");
    expect(await modeBefore(SHOP)).toBe("direct");
  });
  it("is not what was chosen this time, because the number could not be kept from the page", async () => {
    await paid("surrogate", cover, "submitted");
    await paid("direct", { ...none, before: "surrogate", picked: true }, "filled");
    expect(await modeBefore(SHOP)).toBe("surrogate");
  });
  it("is nothing where the egress was away the first time, and the person could not wait", async () => {
    await paid("direct", { ...none, verdict: "egress_unavailable", picked: true }, "filled");
    expect(await modeBefore(SHOP)).toBeNull();
  });
  it("is direct where nobody knew another way", async () => {
    await paid("direct", none, "filled");
    expect(await modeBefore(SHOP)).toBe("direct");
  });
});

describe("the popup", () => {
  it("says so when a covered checkout starts by showing the number, and offers to keep it", () => {
    const before: Cover = { ...cover, before: "direct" };
    const view = modeView({ mode: firstMode(before), cover: before, target: null, decision: null });
    expect(view).toMatchObject({ mode: "direct", other: "surrogate", warnings: ["This shop saw the number before. It can now be paid without seeing it."] });
    expect(modeView({ mode: "direct", cover: { ...before, picked: true }, target: null, decision: null }).warnings).toEqual([]);
    expect(modeView({ mode: "direct", cover: { ...none, before: "direct" }, target: null, decision: null }).warnings).toEqual([]);
  });
  it("offers the other mode where both are possible", () => {
    expect(modeView({ mode: "surrogate", cover, target: null, decision: null }).other).toBe("direct");
    expect(modeView({ mode: "direct", cover, target: null, decision: null }).other).toBe("surrogate");
  });
  it("says that somebody else debugs the tab where the number is to stay hidden", () => {
    expect(modeView({ mode: "surrogate", cover: { ...cover, debugged: true }, target: null, decision: null }).warnings).toHaveLength(1);
    expect(modeView({ mode: "direct", cover: { ...cover, debugged: true }, target: null, decision: null }).warnings).toHaveLength(0);
  });
});

describe("a checkout that was taught", () => {
  const known = { ...cover, taught };
  const view = (cover: Cover, mode: "surrogate" | "direct" = "surrogate") => modeView({ mode, cover, target: null, decision: null });
  it("comes with the registry's word, and only where it can be paid", () => {
    expect(coverOf({ ...coverage, taught }, ["k1"]).taught).toEqual(taught);
    expect(coverOf({ ...coverage, taught }, ["k2"]).taught).toBeNull();
  });
  it("is said with who taught it, when, and where the number goes", () => {
    expect(view(known).sentence).toMatch(/^The page will not see the number\. It goes to pay\.example, b\.example, c\.example and 1 more, as ada taught on .*2026\.$/);
    expect(view(known, "direct").sentence).not.toContain("taught");
    expect(view(cover).sentence).toBe("The page will not see the number.");
  });
  it.each([
    ["was taught later", { at: taught.at + 1 }],
    ["goes to one place more, dated back to before the lesson that is known", { hosts: [...taught.hosts, "collect.evil.example"] }],
    ["goes elsewhere under the same date", { hosts: ["collect.evil.example"] }],
  ])("is news where it %s", (_, change) => {
    expect([isNews({ ...taught, ...change }, taught), isNews(taught, taught), isNews(taught, null), isNews(null, taught)]).toEqual([true, false, true, false]);
  });
  it("is looked at by a person before a rule may act, once", () => {
    const fresh = { ...known, newlyTaught: true };
    expect([mustLook({ mode: "surrogate", cover: fresh }), mustLook({ mode: "surrogate", cover: known }), mustLook({ mode: "direct", cover: fresh })]).toEqual([true, false, false]);
    expect(view(fresh).warnings[0]).toContain("was taught since it was last paid here");
    expect(view(known).warnings).toEqual([]);
  });
});
