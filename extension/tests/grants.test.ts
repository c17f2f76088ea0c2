import { describe, expect, it } from "vitest";
import vectors from "../../tests/conformance/grants.json";
import { amountToType, BoundsError, readBounds, typedAmount } from "../policy/bounds";
import { covers, describe as inWords, firstCovering, type Payment } from "../policy/grants";
import { b64u } from "../protocol/canonical";
import { actionDigest, grantDigest } from "../protocol/grants";
import type { Action, Grant, GrantState } from "../protocol/messages";
import { is } from "../protocol/validate";

const NOON = Date.UTC(2026, 0, 5, 12);
const { state, payment } = vectors.cases[0] as unknown as { state: GrantState; payment: Payment };
const { grant } = state;

describe("a standing rule", () => {
  it.each(vectors.cases)("gets the same verdict in both languages: $what", ({ state, payment, covered, rule, sentence }) => {
    expect(covers(state as GrantState, payment as Payment)).toEqual({ covered, rule, sentence });
  });
  it("has the same digest in both languages, and so has an action", async () => {
    expect(b64u(await grantDigest(vectors.grant.value as Grant))).toBe(vectors.grant.digest);
    expect(b64u(await actionDigest(vectors.action.value as Action))).toBe(vectors.action.digest);
  });
  it("is the narrowest of those that cover", () => {
    const wide = { ...state, grant: { ...grant, grantId: "grant_2", maxAmount: 90_000 } };
    expect(firstCovering([wide, state], payment)).toBe(state);
    expect(firstCovering([wide, state], { ...payment, amount: 6000 })).toBe(wide);
    expect(firstCovering([wide, state], { ...payment, amount: 99_000 })).toBeNull();
  });
  it("that a hijacked broker tells of is one that can be shown, however far its end, or no message at all", () => {
    const told = (endsAt: number) => ({ type: "grants_answer", requestId: "AAAA", grants: [{ ...state, grant: { ...grant, utcOffsetMinutes: 840, endsAt } }], error: null });
    const latest = 253_402_214_400_000;
    expect(is("GrantsAnswer", told(latest))).toBe(true);
    expect(inWords({ ...grant, utcOffsetMinutes: 840, endsAt: latest })).toContain("until 9999-12-31");
    for (const later of [latest + 1, Number.MAX_SAFE_INTEGER]) expect(is("GrantsAnswer", told(later))).toBe(false);
  });
  it("leaves the hours out of its words when any hour will do", () => {
    expect(inWords({ ...grant, fromMinute: 0, toMinute: 1440 })).toBe("up to $50.00, 2 a day, until 2026-01-06, the page sees the number");
  });
});

describe("typed bounds", () => {
  const typed = { amount: "50", count: "3", until: "2026-02-01", from: "", to: "" };
  it("are minor units, minutes and the end of the last day", () => {
    const endsAt = new Date(2026, 1, 2).getTime();
    expect(readBounds(typed, "USD", NOON)).toEqual({
      maxAmount: 5000, countPerDay: 3, fromMinute: 0, toMinute: 1440, utcOffsetMinutes: -new Date(NOON).getTimezoneOffset(), endsAt,
    });
    expect(readBounds({ ...typed, from: "22:00", to: "00:00" }, "USD", NOON)).toMatchObject({ fromMinute: 1320, toMinute: 1440 });
  });
  it.each([
    { amount: "" }, { amount: "0" }, { amount: "1e9" }, { amount: "-5" }, { amount: "49.999" }, { amount: "1,000.00" },
    { count: "0" }, { count: "1.5" }, { count: "1001" }, { count: "" },
    { until: "" }, { until: "2026-01-04" }, { until: "2027-06-01" }, { until: "soon" },
    { from: "09:00" }, { to: "09:00" }, { from: "09:00", to: "09:00" },
  ])("that are no limit are refused: %o", (change) => {
    expect(() => readBounds({ ...typed, ...change }, "USD", NOON)).toThrow(BoundsError);
  });
  it.each([["49.90", "USD", 4990], ["49,9", "EUR", 4990], ["1200", "JPY", 1200], ["1200.5", "JPY", null], ["1.234", "KWD", 1234]])("reads %s %s", (text, currency, amount) => {
    expect(typedAmount(text, currency)).toBe(amount);
  });
  it("start from an amount as it is typed", () => {
    expect(amountToType(4990, "USD")).toBe("49.90");
    expect(amountToType(5, "USD")).toBe("0.05");
    expect(amountToType(1200, "JPY")).toBe("1200");
  });
});
