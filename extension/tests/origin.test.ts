import { describe, expect, it } from "vitest";
import { shownOrigin } from "../core/origin";

describe("a name that can be mistaken for another one", () => {
  it.each([
    ["https://xn--80ak6aa92e.com", "apple.com"],
    ["https://xn--pypl-53dc.com", "paypal.com"],
    ["https://www.xn--pypal-4ve.com", "www.paypal.com"],
  ])("%s looks like %s", (origin, twin) => {
    expect(shownOrigin(origin).twin).toBe(twin);
  });
  it("is said even when no plain name comes out", () => {
    expect(shownOrigin(new URL("https://paу\u0434al.com").origin).twin).toBe("");
  });
  it.each(["https://shop.example.com", "https://xn--mller-kva.de", "https://xn--e1afmkfd.xn--p1ai", "https://xn--fiqs8s.cn", "https://xn--wgv71a119e.jp"])(
    "is not %s",
    (origin) => {
      expect(shownOrigin(origin).twin).toBeNull();
    },
  );
});
