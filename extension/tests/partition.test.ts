import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Partition } from "../interception/partition";

const SITE = "https://shop.test";
type Changed = (change: { cookie: { domain: string; partitionKey?: { topLevelSite: string } } }) => void;

let there: { domain: string }[] | Promise<never>;
let asked: string[];
let heard: Set<Changed>;

beforeEach(() => {
  there = [];
  asked = [];
  heard = new Set();
  vi.stubGlobal("chrome", {
    cookies: {
      getAll: async ({ partitionKey }: { partitionKey: { topLevelSite: string } }) => (asked.push(partitionKey.topLevelSite), await there),
      onChanged: { addListener: (listener: Changed) => heard.add(listener), removeListener: (listener: Changed) => heard.delete(listener) },
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const comes = (domain: string, topLevelSite?: string) =>
  heard.forEach((listener) => listener({ cookie: { domain, ...(topLevelSite ? { partitionKey: { topLevelSite } } : {}) } }));

describe("the partition of a tab", () => {
  it("concerns everything until it is known", async () => {
    const partition = new Partition();
    expect(partition.concerns("https://pay.test/")).toBe(true);
    const entering = partition.enter(`${SITE}:8443`);
    expect(partition.concerns("https://pay.test/")).toBe(true);
    await entering;
    expect(asked).toEqual([SITE]);
    expect(partition.concerns("https://pay.test/")).toBe(false);
  });
  it("concerns the hosts that its cookies may be sent to", async () => {
    there = [{ domain: "pay.test" }, { domain: ".bank.test" }];
    const partition = new Partition();
    await partition.enter(SITE);
    const urls = ["https://pay.test/x", "https://api.pay.test:8443/", "https://bank.test/", "https://a.bank.test/", "https://notbank.test/", "https://shop.test/"];
    expect(urls.map((url) => partition.concerns(url))).toEqual([true, true, true, true, false, false]);
  });
  it("learns of cookies that come meanwhile, and of no other partition's", async () => {
    const partition = new Partition();
    await partition.enter(SITE);
    comes("other.test", "https://other.test");
    comes("plain.test");
    comes("pay.test", SITE);
    expect(["other", "plain", "pay"].map((name) => partition.concerns(`https://${name}.test/`))).toEqual([false, false, true]);
  });
  it("is not known where the browser does not say, nor after another document came", async () => {
    const partition = new Partition();
    there = Promise.reject(new Error("no"));
    await partition.enter(SITE);
    expect(partition.concerns("https://pay.test/")).toBe(true);
    there = [];
    const entering = partition.enter(SITE);
    partition.leave();
    await entering;
    expect(partition.concerns("https://pay.test/")).toBe(true);
    expect(heard.size).toBe(0);
  });
});
