import { beforeAll, describe, expect, it, vi } from "vitest";
import { pageOf } from "../release/door";

const ID = "a".repeat(32);
const ORIGIN = `chrome-extension://${ID}`;

beforeAll(() => {
  vi.stubGlobal("chrome", { runtime: { id: ID, getURL: (path: string) => ORIGIN + path } });
});

describe("the worker talks to its own pages only", () => {
  it.each([["/popup.html", "popup"], ["/popup.html?window", "popup"], ["/options.html#passkeys", "options"]])("%s", (path, kind) => {
    expect(pageOf({ id: ID, url: ORIGIN + path, origin: ORIGIN })).toBe(kind);
  });
  it.each([
    { id: ID, url: "https://shop.example/popup.html", origin: "https://shop.example" },
    { id: "b".repeat(32), url: `${ORIGIN}/popup.html`, origin: ORIGIN },
    { id: ID, url: `${ORIGIN}/other.html`, origin: ORIGIN },
    { id: ID, url: `${ORIGIN}/popup.html`, origin: "https://shop.example" },
    { id: ID, url: "https://evil.example/?chrome-extension://popup.html" },
    { id: ID },
    undefined,
  ])("not %o", (sender) => {
    expect(pageOf(sender)).toBeNull();
  });
});
