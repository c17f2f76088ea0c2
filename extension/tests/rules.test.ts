import { describe, expect, it } from "vitest";
import vectors from "../../tests/conformance/vectors.json";
import { b64u, canonicalJson, utf8 } from "../protocol/canonical";
import { JWS_HEADER } from "../protocol/facts";
import type { Facts, Offer } from "../protocol/messages";
import { claimedOf, decide, mismatchesOf } from "../release/decide";
import { mismatches, needsPasskey } from "../release/mismatch";
import { accept, soughtOrigin } from "../release/offer";
import type { Release, Target } from "../release/release";
import { retryable, unchanged } from "../release/settle";
import { viewOf } from "../release/view";

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

describe("a mismatch", () => {
  const same = { claimedOrigin: SHOP, observedOrigin: SHOP, expected: 5000, pageAmount: 5000, basisPoints: 500 };
  it("is an origin that is not exactly the claimed one", () => {
    expect(mismatches(same)).toEqual([]);
    for (const observedOrigin of ["https://shop.example.com:8443", "http://shop.example.com", "https://example.com", "https://shop.example.com.evil.test"]) {
      expect(mismatches({ ...same, observedOrigin })).toEqual(["origin"]);
    }
  });
  it("is an amount outside the tolerance, never an unknown one", () => {
    expect(mismatches({ ...same, pageAmount: 5251 })).toEqual(["amount"]);
    expect(mismatches({ ...same, pageAmount: null })).toEqual([]);
    expect(mismatches({ ...same, expected: null })).toEqual([]);
  });
  it("is found when either claim of an origin differs", () => {
    const attested = { ...release, facts: { ...facts, origin: "https://other.example" } };
    expect(mismatchesOf(attested, target)).toEqual(["origin"]);
  });
});

describe("a passkey is needed", () => {
  const approval = { maxAmount: 5000, origin: SHOP, mismatches: [], mode: "surrogate" as const, reason: "one-time" as const };
  const stepUp = { approval: "step-up" as const, stepUpAbove: 5000, linkedOrigins: [SHOP] };
  it("always, never, or at a step-up, as the organisation says", () => {
    expect(needsPasskey({ ...stepUp, approval: "passkey" }, approval)).toBe(true);
    expect(needsPasskey({ ...stepUp, approval: "click" }, { ...approval, mismatches: ["origin"], mode: "direct" })).toBe(false);
    expect(needsPasskey(stepUp, approval)).toBe(false);
  });
  const subscription = { reason: "subscription" as const };
  it.each([{ maxAmount: 5001 }, { origin: "https://new.example" }, { mismatches: ["amount" as const] }, { mode: "direct" as const }, subscription])("at a step-up for %o", (change) => {
    expect(needsPasskey(stepUp, { ...approval, ...change })).toBe(true);
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
  it("shows both spellings of an international name", () => {
    const view = viewOf({ ...release, target: { ...target, origin: "https://xn--80ak6aa92e.com" } });
    expect(view.origin).toMatchObject({ domain: "xn--80ak6aa92e.com", unicode: "аррӏе.com" });
  });
});
