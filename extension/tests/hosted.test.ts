import { describe, expect, it } from "vitest";
import type { FieldType } from "../forms/engine/rules";
import { choose, type Offered, sitesOf, unknownSite } from "../release/hosted";
import { inSandbox, processorOf } from "../release/processors";

const STRIPE = "https://js.stripe.com";
const EVIL = "https://evil.example";
let documents = 0;

function frame(origin: string, types: FieldType[], card = false): Offered {
  documents += 1;
  return { documentId: `d${documents}`, origin, processor: processorOf(origin, false), types, card };
}

const filled = (own: FieldType[], ...offers: Offered[]) => choose(own, offers).map(({ origin, types }) => [origin, ...types]);

describe("the frames that are filled", () => {
  it("get one type each where a processor shows one field a frame", () => {
    expect(filled([], frame(STRIPE, ["cc-number"]), frame(STRIPE, ["cc-exp"]), frame(STRIPE, ["cc-csc"]))).toEqual([
      [STRIPE, "cc-number"],
      [STRIPE, "cc-exp"],
      [STRIPE, "cc-csc"],
    ]);
  });
  it("are none where nobody takes the number", () => {
    expect(filled([], frame(STRIPE, ["cc-csc"]), frame(EVIL, ["cc-exp"]))).toEqual([]);
  });
  it("are the processor's alone, whatever else looks like a field", () => {
    expect(filled([], frame(EVIL, ["cc-number", "cc-exp", "cc-csc", "cc-name"]), frame(STRIPE, ["cc-number"]))).toEqual([[STRIPE, "cc-number"]]);
  });
  it("are one unknown site's where there is no other way", () => {
    const other = "https://other.example";
    expect(filled([], frame(EVIL, ["cc-number", "cc-csc"]), frame(other, ["cc-exp"]))).toEqual([[EVIL, "cc-number", "cc-csc"]]);
  });
  it("complete the page's own form at a known processor, and give nothing twice", () => {
    expect(filled(["cc-number", "cc-exp"], frame(STRIPE, ["cc-number", "cc-csc"]))).toEqual([[STRIPE, "cc-csc"]]);
    expect(filled(["cc-number", "cc-exp"], frame(EVIL, ["cc-csc"]))).toEqual([]);
  });
});

describe("the sites that the person is told of", () => {
  it("are those that get something and those that hold a card form of their own", () => {
    const number = frame(STRIPE, ["cc-number"]);
    const offers = [number, frame(EVIL, ["cc-number", "cc-csc"], true), frame("https://news.example", ["cc-name"])];
    const sites = sitesOf(offers, choose([], offers));
    expect(sites).toEqual([
      { origin: EVIL, processor: null, kinds: [] },
      { origin: STRIPE, processor: "Stripe", kinds: ["number"] },
    ]);
    expect(sites.some(unknownSite)).toBe(false);
    expect(unknownSite({ origin: EVIL, processor: null, kinds: ["number"] })).toBe(true);
  });
});

describe("the registry", () => {
  it("knows a host exactly, one more label under a wildcard, over https on its own port", () => {
    expect(processorOf(STRIPE, false)).toBe("Stripe");
    expect(processorOf("https://eu.checkoutshopper-live.adyenpayments.com", false)).toBe("Adyen");
    for (const origin of ["https://a.b.checkoutshopper-live.adyenpayments.com", "https://xjs.stripe.com", "https://js.stripe.com.evil.example"]) {
      expect(processorOf(origin, false)).toBeNull();
    }
    expect(processorOf("http://js.stripe.com", false)).toBeNull();
    expect(processorOf("https://js.stripe.com:8443", false)).toBeNull();
  });
  it("knows the demo's hosts only under a LedgerOS on this machine", () => {
    const demo = "http://hosted-fields.localhost:8102";
    const pin = { deviceId: "", brokerId: "", issuerKey: "", organisationName: "", approval: "click", enrolledAt: 0 } as const;
    expect(processorOf(demo, inSandbox({ ...pin, userFacingOrigin: "https://localhost:1" }))).not.toBeNull();
    expect(processorOf(demo, inSandbox({ ...pin, userFacingOrigin: "https://ledger.example" }))).toBeNull();
    expect(inSandbox(null)).toBe(false);
  });
});
