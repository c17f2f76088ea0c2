import { describe, expect, it, vi } from "vitest";
import type { Interception } from "../interception/interception";
import type { Watch } from "../interception/watch";
import type { SurrogateCard } from "../protocol/messages";
import { Payings } from "../release/paying";
import type { Release } from "../release/release";

const card = { surrogate: { number: "4111111000801111", securityCode: "999" }, expirationMonth: 3, expirationYear: 2031, cardholderName: "ADA" } as SurrogateCard;
const release = () =>
  ({ id: "rel_1", target: { tabId: 7, origin: "https://shop.example.com" }, decision: { mode: "surrogate", expiresAt: 0 }, clockOffset: 0, cover: { debugged: false } }) as unknown as Release;

/** An interception whose watch begins when the test lets it, and a browser in which `targets` are debugged. */
function world(targets: object[] | Error) {
  const executeScript = vi.fn(async () => []);
  const getTargets = async () => (targets instanceof Error ? Promise.reject(targets) : targets);
  vi.stubGlobal("chrome", { debugger: { getTargets }, scripting: { executeScript }, webNavigation: { getAllFrames: async () => [] } });
  const begun = Promise.withResolvers<Watch>();
  const stopped: Watch[] = [];
  const interception = { watch: () => begun.promise, stop: async (watch: Watch) => void stopped.push(watch) } as unknown as Interception;
  return { begun, stopped, executeScript, payings: new Payings({ interception, over: () => undefined }) };
}

describe("a tab that is about to pay", () => {
  it.each([
    ["somebody", [{ tabId: 7, attached: true }], true],
    ["nobody", [{ tabId: 7, attached: false }, { tabId: 8, attached: true }], false],
    ["who cannot be told", new Error("no answer"), false],
  ])("is looked at for %s who debugs it, which decides nothing", async (_, targets, debugged) => {
    const { begun, payings } = world(targets);
    const paid = release();
    begun.reject(new Error("the tab is gone"));
    expect((await payings.start(paid, card)).outcome).toBe("swap_not_seen");
    expect(paid.cover?.debugged).toBe(debugged);
  });
  it("is let go, and not filled, when the release ends while it is attached to", async () => {
    const { begun, stopped, executeScript, payings } = world([]);
    const filling = payings.start(release(), card);
    await payings.stop("rel_1");
    const watch = {} as Watch;
    begun.resolve(watch);
    expect((await filling).outcome).toBe("interrupted");
    expect(stopped).toEqual([watch]);
    expect(executeScript).not.toHaveBeenCalled();
  });
});
