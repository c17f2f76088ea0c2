import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import vectors from "../../tests/conformance/vectors.json";
import type { Device } from "../keys/device";
import type { Facts } from "../protocol/messages";
import { Readiness } from "../release/readiness";
import type { Release, Target } from "../release/release";

const SHOP = "https://shop.example.com";
const target: Target = { tabId: 1, documentId: "d", origin: SHOP, frameOrigins: [], sites: [], hosted: [], look: "n", own: { types: ["cc-number"], billing: false }, fields: ["number"], pageAmount: 4990 };
const release = {
  id: "rel_1", facts: vectors.facts.facts as Facts, claimed: { origin: SHOP, merchantText: null, amount: 5000, currency: "USD", purpose: "Pens" },
  clockOffset: 0, mode: "direct", cover: null, revision: 1, target,
} as unknown as Release;
const device = { sealingKeyId: "own", sign: async (message: Uint8Array) => message } as unknown as Device;

let unchanged = true;
let looks = 0;

beforeEach(() => {
  [unchanged, looks] = [true, 0];
  vi.useFakeTimers();
  vi.stubGlobal("chrome", {
    storage: { local: { get: async () => ({ pins: { issuer: { deviceId: "dev_1" }, passkeys: [{ credentialId: "cred_1", createdAt: 0 }] } }) } },
    tabs: { get: async () => ({}) },
    webNavigation: { getAllFrames: async () => [{ frameId: 0, parentFrameId: -1, documentId: "d", url: `${SHOP}/pay` }] },
    scripting: { executeScript: async () => ((looks += 1), [{ result: unchanged }]) },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("an approval", () => {
  it("finds ready what the press of its button began", async () => {
    const readiness = new Readiness(Promise.resolve(device));
    readiness.press(release, target);
    const { there, draft } = await readiness.take(release, target);
    expect([there, looks]).toEqual([true, 1]);
    expect(draft?.decision).toMatchObject({ releaseId: "rel_1", deviceId: "dev_1", recipientKeyId: "own", maxAmount: 4990 });
    expect(draft?.credentialIds).toEqual(["cred_1"]);
  });
  it("looks at the page and drafts by itself without a press, and never takes a draft twice", async () => {
    const readiness = new Readiness(Promise.resolve(device));
    readiness.press(release, target);
    const first = await readiness.take(release, target);
    const second = await readiness.take(release, target);
    expect(looks).toBe(2);
    expect(second.draft?.decision.nonce).not.toBe(first.draft?.decision.nonce);
  });
  it.each([
    ["what was held down for long", async () => vi.advanceTimersByTimeAsync(500), release],
    ["what was pressed on another screen", async () => undefined, { ...release, revision: 2 } as Release],
  ])("does not count %s: the page is looked at anew", async (_, meanwhile, clicked) => {
    const readiness = new Readiness(Promise.resolve(device));
    readiness.press(release, target);
    await meanwhile();
    unchanged = false;
    expect((await readiness.take(clicked, target)).there).toBe(false);
  });
});
