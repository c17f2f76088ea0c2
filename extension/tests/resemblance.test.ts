import { getDomainWithoutSuffix } from "tldts";
import { describe, expect, it } from "vitest";
import { resembles, skeleton } from "../core/resemblance";
import { ORDINARY } from "./ordinary_domains";

const known = (...origins: string[]) => ({ origins, merchant: null });
const named = (merchant: string) => ({ origins: [], merchant });

describe("a plain name that a person takes for one they know", () => {
  it.each([
    ["amaz0n.com", "amazon.com"],
    ["arnazon.com", "amazon.com"],
    ["paypa1.com", "paypal.com"],
    ["paypai.com", "paypal.com"],
    ["pay-pal.com", "paypal.com"],
    ["g00gle.com", "google.com"],
    ["goog1e.net", "google.com"],
    ["vvalmart.com", "walmart.com"],
    ["rnicrosoft.com", "microsoft.com"],
    ["vvise.com", "wise.com"],
    ["5tripe.com", "stripe.com"],
    ["clisneyplus.com", "disneyplus.com"],
    ["8est8uy.com", "bestbuy.com"],
    ["quora.com", "guora.com"],
  ])("%s looks like %s", (here, there) => {
    expect(resembles(`https://checkout.${here}`, known(`https://www.${there}`))).toBe(there);
  });
  it("is compared with the merchant that the agent names, word by word and whole", () => {
    expect(resembles("https://arnazon.com", named("Amazon"))).toBe("Amazon");
    expect(resembles("https://arnazon.com", named("Amazon Marketplace, Seattle"))).toBe("Amazon");
    expect(resembles("https://paperpIne.com", named("Paper & Pine"))).toBeNull();
    expect(resembles("https://paperp1ne.com", named("Paper & Pine"))).toBe("PaperPine");
  });
  it("is not made known by an agent that names it", () => {
    expect(resembles("https://arnazon.com", { origins: ["https://www.amazon.com"], merchant: "Arnazon" })).toBe("amazon.com");
  });
});

describe("no name is taken for another one that", () => {
  it.each([
    ["is itself", "https://amazon.com", known("https://www.amazon.com")],
    ["is the merchant's", "https://www.amazon.com", named("Amazon")],
    ["is the merchant's with hyphens", "https://www.coca-cola.com", named("Coca-Cola")],
    ["is the merchant's in another country", "https://amazon.de", known("https://amazon.com")],
    ["the person knows as well", "https://ul.com", known("https://ui.com", "https://ul.com")],
    ["is an address", "https://127.0.0.1:8443", known("https://127.0.0.1")],
    ["has an accent", "https://muller.de", named("Müller")],
    ["is a short word", "https://aii.com", named("All")],
    ["is not a name at all", "https://localhost:8443", named("Localhost")],
  ])("%s", (_, origin, others) => {
    expect(resembles(origin, others)).toBeNull();
  });
});

describe("ordinary shops stay calm", () => {
  const labels = [...new Set(ORDINARY.map((domain) => getDomainWithoutSuffix(domain) ?? ""))];

  it("for none of hundreds is taken for another", () => {
    expect(labels.length).toBeGreaterThan(400);
    expect(labels.filter((label, at) => labels.findIndex((other) => skeleton(other) === skeleton(label)) !== at)).toEqual([]);
  });
  it("to somebody who knows all the others", () => {
    const origins = ORDINARY.map((domain) => `https://www.${domain}`);
    for (const domain of ORDINARY) {
      const others = origins.filter((origin) => origin !== `https://www.${domain}`);
      expect(resembles(`https://${domain}`, { origins: others, merchant: null })).toBeNull();
    }
  });
  it("whatever of them the agent names", () => {
    const names = labels.map((label) => label.toUpperCase());
    for (const domain of ORDINARY) {
      expect(names.filter((merchant) => resembles(`https://${domain}`, named(merchant)) !== null)).toEqual([]);
    }
  });
});
