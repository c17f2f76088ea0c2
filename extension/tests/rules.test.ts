import { describe, expect, it } from "vitest";
import vectors from "../../tests/conformance/vectors.json";
import { dayFrom } from "../policy/bounds";
import { b64u, canonicalJson, timedNonce, unb64u, utf8 } from "../protocol/canonical";
import { JWS_HEADER } from "../protocol/facts";
import type { Facts, Offer } from "../protocol/messages";
import { is } from "../protocol/validate";
import { claimedOf, decide, mismatchesOf, passkeyNeeded } from "../release/decide";
import { denialOf } from "../release/denial";
import { type Attested, type Judged, mismatches, passkeyReason } from "../release/mismatch";
import { accept, soughtOrigin } from "../release/offer";
import type { Release, Target } from "../release/release";
import { retryable, unchanged } from "../release/settle";
import { viewOf } from "../release/view";
import { handlersOf, type Parts } from "../worker/handlers";

const SHOP = "https://shop.example.com";
const facts = vectors.facts.facts as Facts;
const target: Target = { tabId: 1, documentId: "d", origin: SHOP, frameOrigins: [], sites: [], hosted: [], look: "n", own: { types: ["cc-number"], billing: false }, fields: ["number"], pageAmount: 4990 };
const release: Release = {
  id: "rel_1", state: "waiting", facts, factsHash: "h", pageUrl: null, offeredAt: 0, deadline: 0, clockOffset: 0, target, choices: [],
      mode: "direct",
      cover: null,
      detail: null, revision: 1,
  claimed: { origin: SHOP, merchantText: "Amazon", amount: 5000, currency: "USD", purpose: "Pens" },
  decision: null, approved: null, outcome: null, fields: [], failed: [], shown: false, rule: null, regret: null, retries: 0, endedAt: null,
};

describe("LedgerOS and the popup", () => {
  // Made by LedgerOS's own functions: tests/conformance/approvals.py.
  it.each(vectors.approvals)("judge alike under $attested.approval: $what", ({ judged, attested, mismatches: found, passkeyReason: reason }) => {
    expect(mismatches(judged as Judged, attested as Attested)).toEqual(found);
    expect(passkeyReason(judged as Judged, attested as Attested)).toBe(reason);
  });
  it("ask for a passkey at every mismatch, whatever the setting", () => {
    const differing = vectors.approvals.filter(({ mismatches: found }) => found.length > 0);
    expect(new Set(differing.map(({ attested }) => attested.approval))).toEqual(new Set(["passkey", "step-up", "click"]));
    expect(differing.filter(({ passkeyReason: reason }) => reason === null)).toEqual([]);
  });
});

describe("a no", () => {
  it("names what was shown: a token, or an intent, and what was said", () => {
    const no = denialOf(release, "denied", "dev_1", 5);
    const { nonce, ...named } = no;
    expect(named).toEqual({
      version: 1, said: "denied", releaseId: "rel_1", factsHash: "h", tokenHash: facts.tokenHash, intentId: null, deviceId: "dev_1", decidedAt: 5,
    });
    expect(is("Denial", no)).toBe(true);
    expect(denialOf(release, "denied", "dev_1", 5).nonce).not.toBe(nonce);
    const first = { ...release, facts: { ...facts, tokenHash: null, intentId: "int_1" } };
    expect(denialOf(first, "stopped", "dev_1", 5)).toMatchObject({ said: "stopped", tokenHash: null, intentId: "int_1" });
  });
});

describe("a decision's nonce", () => {
  it("begins with the time, and the rest is chance", () => {
    const [first, second] = [timedNonce(1_800_000_000_123), timedNonce(1_800_000_000_123)];
    expect(unb64u(first).slice(0, 6)).toEqual(new Uint8Array([0x01, 0xa3, 0x18, 0x5c, 0x50, 0x7b]));
    expect([unb64u(first).length, first === second]).toEqual([22, false]);
  });
});

describe("a release", () => {
  const click = { ...release, facts: { ...facts, approval: "click" as const } };
  it("is approved by a click where the organisation says so", () => {
    expect(passkeyNeeded(click, target)).toBeNull();
  });
  it.each([
    ["another origin than the broker was told", { ...click, claimed: { ...release.claimed, origin: "https://other.example" } }, target],
    ["another origin than LedgerOS was told", { ...click, facts: { ...click.facts, origin: "https://other.example" } }, target],
    ["another amount than LedgerOS was told", click, { ...target, pageAmount: 5251 }],
  ])("needs the passkey all the same at %s", (_, differing, seen) => {
    expect(mismatchesOf(differing, seen)).toHaveLength(1);
    expect(passkeyNeeded(differing, seen)).not.toBeNull();
  });
});

describe("a rule made of a request", () => {
  const bounds = { amount: "60", count: "1", from: "", to: "" };
  const drafted = (asked: Release) => {
    const parts = { releases: { asked: () => asked }, standing: { draft: async (subject: unknown) => subject } } as unknown as Parts;
    const draft = handlersOf(parts).draftRuleHere({ id: "rel_1", revision: 1, bounds: { ...bounds, until: dayFrom(Date.now(), 1) } }, { kind: "popup", asserting: null });
    return draft.then(() => "drafted", (error: Error) => error.message);
  };
  it("is drafted from what is calm", async () => {
    expect(await drafted(release)).toBe("drafted");
  });
  it.each([
    ["another site than was claimed", { target: { ...target, origin: "https://other.example" } }],
    ["another amount than was claimed", { target: { ...target, pageAmount: 9900 } }],
    ["a site in a frame that takes the number", { target: { ...target, sites: [{ origin: "https://other.example", processor: null, kinds: ["number" as const] }] } }],
    ["a subscription", { facts: { ...facts, reason: "subscription" as const } }],
    ["an amount that nobody named", { facts: { ...facts, expectedAmount: null }, target: { ...target, pageAmount: null } }],
  ])("is not drafted from %s, whatever was ticked before", async (_, change) => {
    expect(await drafted({ ...release, ...change })).toBe("The request changed meanwhile. Look at it again.");
  });
});

describe("an offer", () => {
  const issuer = {
    deviceId: "dev_1", brokerId: "brk_1", issuerKey: vectors.facts.issuerKey, organisationName: "", userFacingOrigin: "", approval: "click" as const, enrolledAt: 0,
  };
  const offer = (change: Partial<Offer> = {}): Offer => ({
    type: "offer", releaseId: "rel_1", facts: vectors.facts.jws, claimed: release.claimed, pageUrl: null, requestedAt: facts.issuedAt, expiresAt: facts.expiresAt, ...change,
  });
  it("of this LedgerOS to this broker is taken", async () => {
    const accepted = await accept(offer(), issuer);
    expect(accepted).toMatchObject({ facts, factsHash: vectors.decision.decision.factsHash, deadline: facts.expiresAt, clockOffset: 0 });
  });
  it("that names neither a token nor an intent is not", async () => {
    const { publicKey, privateKey } = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const issuerKey = b64u(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
    const signed = async (change: Partial<Facts>) => {
      const input = `${JWS_HEADER}.${b64u(canonicalJson({ ...facts, ...change }))}`;
      return accept(offer({ facts: `${input}.${b64u(new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, utf8(input))))}` }), { ...issuer, issuerKey });
    };
    expect(await signed({ tokenHash: null, accessEventId: null, intentId: "intent_1" })).not.toBeNull();
    expect(await signed({ tokenHash: null, accessEventId: null, intentId: null })).toBeNull();
    expect(await signed({ accessEventId: null })).toBeNull();
  });
  it("altered, or for another broker or LedgerOS, is not", async () => {
    expect(await accept(offer({ facts: vectors.facts.tampered }), issuer)).toBeNull();
    expect(await accept(offer(), { ...issuer, brokerId: "brk_2" })).toBeNull();
    expect(await accept(offer(), { ...issuer, issuerKey: vectors.channel.welcome.brokerKey })).toBeNull();
  });
  it("is timed by LedgerOS's clock when ours is minutes off", async () => {
    const accepted = await accept(offer({ requestedAt: facts.issuedAt - 300_000 }), issuer);
    expect(accepted).toMatchObject({ clockOffset: 300_000, deadline: facts.expiresAt - 300_000 });
  });
  it("is looked for on the page that the agent named, then at the claimed origin", () => {
    expect(soughtOrigin({ ...release, pageUrl: "https://pay.example/x" })).toBe("https://pay.example");
    expect(soughtOrigin({ ...release, pageUrl: "javascript:1" })).toBe(SHOP);
  });
});

describe("approval first", () => {
  const intent = { ...facts, tokenHash: null, accessEventId: null, intentId: "intent_1", expiresAt: facts.issuedAt + 3_600_000 };
  it("is decided on the intent, and stands for fifteen minutes at most", () => {
    const decision = decide({ ...release, facts: intent }, target, "dev_1", "key", facts.issuedAt);
    expect(decision).toMatchObject({ tokenHash: null, accessEventId: null, intentId: "intent_1", expiresAt: facts.issuedAt + 900_000 });
    const short = { ...intent, expiresAt: facts.issuedAt + 60_000 };
    expect(decide({ ...release, facts: short }, target, "dev_1", "key", facts.issuedAt).expiresAt).toBe(short.expiresAt);
  });
  const over: Release = { ...release, facts: intent, state: "finished", outcome: "page_changed", decision: decide({ ...release, facts: intent }, target, "dev_1", "key", 1) };
  it("may be used again after a fill that wrote nothing, for three tokens in all, while it stands", () => {
    const { expiresAt } = over.decision!;
    expect(retryable(over, expiresAt - 1)).toBe(true);
    expect(retryable({ ...over, retries: 2 }, expiresAt - 1)).toBe(false);
    expect(retryable(over, expiresAt)).toBe(false);
    expect(retryable({ ...over, facts }, 1)).toBe(false);
  });
  it.each(["filled", "field_rejected", "stopped", "denied", "already_used", "refused_by_issuer", "internal_error"] as const)("is never used again after %s", (outcome) => {
    expect(retryable({ ...over, outcome }, 1)).toBe(false);
  });
  it("fills again only what was approved: the same site, amount and frames", () => {
    const decision = over.decision!;
    expect(unchanged(decision, { ...target, documentId: "another" }, target)).toBe(true);
    const sites = [{ origin: "https://new.example", processor: "Stripe", kinds: ["number" as const] }];
    for (const change of [{ origin: "https://evil.example" }, { pageAmount: 4991 }, { pageAmount: null }, { sites }]) {
      expect(unchanged(decision, { ...target, ...change }, target)).toBe(false);
    }
  });
  it("gives a frame's site no more than was shown", () => {
    const site = { origin: "https://fields.example", processor: null };
    const shown = { ...target, sites: [{ ...site, kinds: ["securityCode" as const] }] };
    const decision = { ...over.decision!, seen: { ...over.decision!.seen, frameOrigins: [site.origin] } };
    expect(unchanged(decision, shown, shown)).toBe(true);
    expect(unchanged(decision, { ...target, sites: [{ ...site, kinds: ["securityCode", "number"] }] }, shown)).toBe(false);
  });
  it("lets a form that came later be a known processor's, and nobody else's", () => {
    const [decision, awaited] = [over.decision!, { ...target, fields: [], own: { types: [], billing: false } }];
    const later = (processor: string | null) => ({ ...target, sites: [{ origin: "https://fields.example", processor, kinds: ["number" as const] }] });
    expect(unchanged(decision, later("Stripe"), awaited)).toBe(true);
    expect(unchanged(decision, later(null), awaited)).toBe(false);
  });
});

describe("a decision", () => {
  it("agrees to what is shown large, and names the facts it rests on", () => {
    const decision = decide(release, target, "dev_1", "key", 1);
    expect(decision).toMatchObject({ maxAmount: 4990, tokenHash: facts.tokenHash, factsHash: "h", expiresAt: facts.expiresAt, mode: "direct", mismatches: [] });
    expect(decision.seen).toEqual({ origin: SHOP, frameOrigins: [], pageAmount: 4990, firstTimeHere: false });
  });
  it("says what for, as LedgerOS signed it; facts of before subscriptions were approved say one-time", () => {
    const of = (reason: Facts["reason"]) => decide({ ...release, facts: { ...facts, reason } }, target, "d", "k", 1).reason;
    expect([of("subscription"), of("preauth"), of("one-time"), of(undefined)]).toEqual(["subscription", "preauth", "one-time", "one-time"]);
  });
  it("falls back to the claimed amount, then to the card's limit", () => {
    const unread = { ...target, pageAmount: null };
    expect(decide(release, unread, "d", "k", 1).maxAmount).toBe(5000);
    const unclaimed = { ...release, facts: { ...facts, expectedAmount: null } };
    expect(decide(unclaimed, unread, "d", "k", 1).maxAmount).toBe(facts.remaining);
    expect(viewOf({ ...unclaimed, target: unread })).toMatchObject({ upTo: true, amount: "$50.10" });
  });
  it("takes amount and merchant from LedgerOS, whatever the broker says", () => {
    const lying = { ...release, claimed: { ...release.claimed, amount: 1, merchantText: "Bank", currency: "EUR" } };
    expect(claimedOf(lying)).toMatchObject({ amount: 5000, merchantText: "Amazon", currency: "USD" });
  });
});

describe("the popup", () => {
  it("is calm for a routine purchase", () => {
    expect(viewOf(release).rows.map(({ meaning }) => meaning)).toEqual(["done", "done", "done"]);
    expect(viewOf(release).mismatch).toBe(false);
  });
  it("says whether it is the first time here, also when nobody says whose place it is", () => {
    const merchant = (change: Partial<Facts>) => viewOf({ ...release, facts: { ...facts, ...change } }).rows[1];
    expect(merchant({ merchantText: null, linkedOrigins: [] })).toMatchObject({ claimed: "no merchant named", seen: "first time here", meaning: "open" });
    expect(merchant({ merchantText: null })).toMatchObject({ claimed: "no merchant named", seen: "approved here before", meaning: "done" });
    expect(merchant({ merchantText: "\u200b" })).toMatchObject({ claimed: "no merchant named" });
  });
  it("shows a merchant that was never linked as open, an amount that cannot be read as amber", () => {
    const view = viewOf({ ...release, facts: { ...facts, linkedOrigins: [] }, target: { ...target, pageAmount: null } });
    expect(view.rows.map(({ meaning }) => meaning)).toEqual(["done", "open", "look"]);
  });
  it("says in amber that a subscription repeats, and offers no rule for it", () => {
    const subscription = { ...release, facts: { ...facts, reason: "subscription" as const } };
    const sentence = "Repeats: this shop may charge up to $49.90 again, as often as it likes, without asking.";
    expect(viewOf(subscription)).toMatchObject({ later: { meaning: "look", sentence }, ruleFrom: null });
    expect(viewOf({ ...release, facts: { ...facts, reason: "preauth" } }).later).toMatchObject({ meaning: "open" });
    expect(viewOf(release).later).toBeNull();
    expect(viewOf(release).ruleFrom).not.toBeNull();
  });
  it("shows the red of a mismatch beside both values", () => {
    const view = viewOf({ ...release, target: { ...target, origin: "https://shop.example.net", pageAmount: 9900 } });
    expect(view.rows[0]).toMatchObject({ claimed: "shop.example.com", seen: "shop.example.net", meaning: "bad" });
    expect(view.rows[2]).toMatchObject({ claimed: "$50.00", seen: "page says $99.00", meaning: "bad" });
  });
  it("says what a site can be taken for, by what was approved, paid or named before", () => {
    const at = (origin: string, change: Partial<Facts>, paid: string[] = []) =>
      viewOf({ ...release, facts: { ...facts, linkedOrigins: [], merchantText: null, ...change }, target: { ...target, origin } }, paid).resembles;
    expect(at("https://arnazon.com", { merchantText: "Amazon" })).toBe("Amazon");
    expect(at("https://paypa1.com", {}, ["https://www.paypal.com"])).toBe("paypal.com");
    expect(at("https://shop.exarnple.com", { linkedOrigins: [SHOP] })).toBe("example.com");
    expect(at(SHOP, { linkedOrigins: [SHOP], merchantText: "Exarnple" })).toBeNull();
  });
  it("shows both spellings of an international name", () => {
    const view = viewOf({ ...release, target: { ...target, origin: "https://xn--80ak6aa92e.com" } });
    expect(view.origin).toMatchObject({ domain: "xn--80ak6aa92e.com", unicode: "аррӏе.com" });
  });
});
