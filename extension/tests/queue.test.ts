import { describe, expect, it } from "vitest";
import type { RequestView } from "../release/view";
import { canGoOn, queueOf } from "../ui/queue";

const request = (id: string, state: RequestView["state"], more: Partial<RequestView> = {}) => ({ id, state, rule: null, approvalFirst: false, ...more }) as RequestView;

describe("the popup", () => {
  const first = request("1", "waiting");
  const second = request("2", "waiting");
  it("shows the oldest, and how many more ask", () => {
    expect(queueOf([first, second, request("3", "choosing")], null, [])).toMatchObject({ shown: first, others: 2 });
  });
  it("never puts another request in the place of what is shown", () => {
    expect(queueOf([first, second], "2", []).shown).toBe(second);
    const denied = request("1", "finished");
    expect(queueOf([denied, second], "1", [])).toMatchObject({ shown: denied, others: 1 });
    const looking = request("1", "looking");
    expect(queueOf([looking, second], "1", []).shown).toBe(looking);
  });
  it("goes on to the next when the person has put one away", () => {
    expect(queueOf([request("1", "finished"), second], null, ["1"])).toMatchObject({ shown: second, others: 0 });
  });
  it("shows nothing while a page is still looked at", () => {
    expect(queueOf([request("1", "looking")], null, []).shown).toBeNull();
  });
  it("is not interrupted by what a rule decided", () => {
    const byRule = request("1", "approved", { rule: "up to $50.00" });
    expect(queueOf([byRule], null, [])).toEqual({ shown: null, others: 0, underWay: [byRule] });
    expect(queueOf([{ ...byRule, state: "finished" }], null, []).shown).toBeNull();
    expect(queueOf([byRule, second], null, [])).toMatchObject({ shown: second, underWay: [byRule] });
  });
  it("lets the person go on while the agent fetches the card", () => {
    const fetching = request("1", "approved", { approvalFirst: true });
    expect(canGoOn(fetching)).toBe(true);
    expect(canGoOn(request("1", "approved"))).toBe(false);
    expect(canGoOn(first)).toBe(false);
    expect(queueOf([fetching, second], null, ["1"])).toMatchObject({ shown: second, underWay: [fetching] });
  });
});
