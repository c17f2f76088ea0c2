import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import vectors from "../../tests/conformance/vectors.json";
import type { ToBroker } from "../channel/session";
import type { Interception } from "../interception/interception";
import type { Device } from "../keys/device";
import { type IssuerPin, type Pins, writePins } from "../keys/pins";
import type { Facts, Offer } from "../protocol/messages";
import type { Target } from "../release/release";
import { Releases } from "../release/releases";

const SHOP = "https://shop.example.com";
const facts = vectors.facts.facts as Facts;
const target: Target = { tabId: 1, documentId: "d", origin: SHOP, frameOrigins: [], sites: [], hosted: [], look: "n", own: { types: ["cc-number"], billing: false }, fields: ["number"], pageAmount: 5000 };
const offer: Offer = {
  type: "offer", releaseId: "rel_1", facts: vectors.facts.jws, pageUrl: null, requestedAt: facts.issuedAt, expiresAt: facts.expiresAt,
  claimed: { origin: SHOP, merchantText: "Amazon", amount: 5000, currency: "USD", purpose: "Pens" },
};
const page = vi.hoisted(() => ({ look: async (): Promise<unknown> => null, stillThere: async () => true, tabs: async (): Promise<unknown[]> => [] }));

vi.mock("../release/page", () => ({ findForm: () => page.look(), lookNow: async () => null }));
vi.mock("../release/fill", () => ({ stillThere: () => page.stillThere() }));
vi.mock("../release/tabs", () => ({ candidateTabs: () => page.tabs() }));
vi.mock("../interception/debuggee", () => ({ debuggedByOthers: async () => false }));

let sent: ToBroker[] = [];
let reading = (_: unknown): void => undefined;
let sign = async (message: Uint8Array) => message;
let releases: Releases;

beforeEach(async () => {
  vi.useFakeTimers({ now: facts.issuedAt });
  const issuer = { deviceId: "dev_1", brokerId: facts.brokerId, issuerKey: vectors.facts.issuerKey, approval: facts.approval };
  const pins = { issuer, passkeys: [{ credentialId: "AAAA", createdAt: 0 }] };
  const area = (kept: Record<string, unknown>) => ({ get: async (key: unknown) => (reading(key), kept), set: async () => undefined, remove: async () => undefined });
  vi.stubGlobal("chrome", { storage: { local: area({ pins }), session: area({}) } });
  [sent, reading] = [[], () => undefined];
  sign = async (message) => message;
  page.tabs = async () => [{ tabId: 1, title: "", origin: SHOP, path: "/" }];
  page.look = async () => target;
  page.stillThere = async () => true;
  releases = new Releases({
    device: Promise.resolve({ sealingKeyId: "own", sign: (message: Uint8Array) => sign(message) } as unknown as Device),
    interception: { recover: async () => new Set() } as unknown as Interception,
    send: async (message) => void sent.push(message),
    coverage: async () => null, present: () => undefined, restrict: async () => undefined, changed: () => undefined,
  });
  await releases.offered(offer);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const state = () => releases.current().map((release) => [release.state, release.outcome]);

describe("a page that changes while the person changes their mind", () => {
  it("does not have them asked again about what they denied", async () => {
    expect(state()).toEqual([["waiting", null]]);
    let answer = (_: boolean): void => undefined;
    page.stillThere = () => new Promise((resolve) => (answer = resolve));
    const approving = releases.approve("rel_1", 1);
    await releases.deny("rel_1", null);
    answer(false);
    await approving;
    expect(state()).toEqual([["finished", "denied"]]);
    expect(sent.map(({ type }) => type)).toEqual(["deny"]);
  });
  it("does not do so wherever in another look their no comes", async () => {
    let reads = 0;
    for (let last = 1; reads >= last - 1; last += 1) {
      const id = `rel_no_${last}`;
      await releases.offered({ ...offer, releaseId: id });
      [reads, reading] = [0, () => void ((reads += 1) === last && releases.deny(id, null))];
      await releases.navigated(1);
      reading = () => undefined;
      if (reads < last) await releases.deny(id, null); // nothing more is read
      expect(releases.current().find((release) => release.id === id)).toMatchObject({ state: "finished", outcome: "denied" });
    }
    expect(reads).toBeGreaterThan(2);
  });
});

describe("a person who stops what they approved", () => {
  it("while it is signed sends no approval after their stop", async () => {
    expect(await releases.approve("rel_1", 1)).toMatchObject({ releaseId: "rel_1" });
    const signing: (() => void)[] = [];
    sign = (message) => new Promise((resolve) => signing.push(() => resolve(message)));
    const approving = releases.asserted("rel_1", { credentialId: "AAAA", authenticatorData: "AAAA", clientDataJson: "AAAA", signature: "AAAA" });
    await vi.waitFor(() => expect(signing).toHaveLength(1));
    const stopping = releases.stop("rel_1");
    await vi.waitFor(() => expect(signing).toHaveLength(2));
    for (const done of signing.reverse()) done();
    await Promise.all([approving, stopping]);
    expect(sent.map(({ type }) => type)).toEqual(["stop"]);
  });
});

describe("a request that the agent takes back", () => {
  it.each([[[]], [[1]], [[1, 2]]])("at once is neither asked nor answered, with %o tabs open", async (ids) => {
    page.tabs = async () => {
      await releases.withdrawn({ type: "withdrawn", releaseId: "rel_2", outcome: "withdrawn", message: "" });
      return ids.map((tabId) => ({ tabId, title: "", origin: SHOP, path: "/" }));
    };
    await releases.offered({ ...offer, releaseId: "rel_2" });
    expect(state()[1]).toEqual(["finished", "withdrawn"]);
    expect(sent).toEqual([]);
  });
});

describe("a hijacked broker", () => {
  it.each(["filled", "submitted"] as const)("does not make a site one that was paid at by saying %s of what nobody approved", async (outcome) => {
    await releases.withdrawn({ type: "withdrawn", releaseId: "rel_1", outcome, message: "Paid." });
    expect(state()).toEqual([["finished", "interrupted"]]);
  });
});

describe("a browser that is enrolled anew", () => {
  it("stays so, whatever an offer that was under way says of the enrolment before", async () => {
    const before = { deviceId: "dev_1", brokerId: facts.brokerId, issuerKey: vectors.facts.issuerKey, approval: "click" };
    const anew = { ...before, deviceId: "dev_2", issuerKey: "another" };
    let kept = { issuer: before, passkeys: [] } as unknown as Pins;
    let enrolled: Promise<unknown> | null = null;
    const local = {
      get: async () => {
        const found = { pins: kept };
        enrolled ??= Promise.resolve().then(() => writePins({ issuer: anew as unknown as IssuerPin })); // right after the offer found the old ones
        return found;
      },
      set: async (more: { pins?: Pins }) => void (kept = more.pins ?? kept),
      remove: async () => undefined,
    };
    vi.stubGlobal("chrome", { storage: { local, session: local } });
    await releases.offered({ ...offer, releaseId: "rel_3" });
    await enrolled;
    expect(facts.approval).not.toBe("click");
    expect(kept.issuer).toEqual(anew);
  });
});
