import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Answers } from "../interception/answers";
import { type Ears, Watch } from "../interception/watch";
import type { Send } from "../protocol/messages";

// What a person does to the browser's bar is tried in tests/browser/interception; here every reason and moment.
const TAB = 7;
const NUMBER = "4111111000801111";
const paused = { requestId: "r", frameId: "F", resourceType: "XHR", request: { url: "https://shop.test/pay", method: "POST", headers: {}, hasPostData: true, postData: NUMBER, postDataEntries: [{ bytes: btoa(NUMBER) }] } };
const tree = { frameTree: { frame: { id: "F", url: "https://shop.test/", securityOrigin: "https://shop.test" } } };

let sent: Send[];
let ears: { [Name in keyof Ears]: ReturnType<typeof vi.fn<Ears[Name]>> };

beforeEach(() => {
  sent = [];
  ears = { unseen: vi.fn(), maybe: vi.fn(), seen: vi.fn(), blinded: vi.fn() };
  const answers: Record<string, object> = { "Page.getFrameTree": tree, "Network.getCookies": { cookies: [] } };
  vi.stubGlobal("chrome", {
    debugger: { attach: async () => undefined, detach: async () => undefined, sendCommand: async (_: object, method: string) => answers[method] ?? {} },
    cookies: { getAll: async () => [], onChanged: { addListener: () => undefined, removeListener: () => undefined } },
    storage: { session: { set: async () => undefined, remove: async () => undefined } },
    webNavigation: { getFrame: async () => ({ url: "https://shop.test/" }), getAllFrames: async () => [{ url: "https://shop.test/" }] },
  });
});
afterEach(() => vi.unstubAllGlobals());

async function watching(): Promise<Watch> {
  const answers = new Answers(async (message) => void sent.push(message));
  const watch = new Watch({ releaseId: "rel_1", tabId: TAB, number: NUMBER }, answers, { in: () => false }, ears);
  await watch.start();
  return watch;
}

describe("a debugger that is taken off", () => {
  it("by the person ends what only waits", async () => {
    (await watching()).detached(TAB, "canceled_by_user");
    expect(ears.blinded).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("could not be replaced"), false);
  });
  it("by the person while a payment is out may have charged", async () => {
    const watch = await watching();
    watch.event(TAB, undefined, "Fetch.requestPaused", paused);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    watch.detached(TAB, "canceled_by_user");
    expect(ears.blinded).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("did not get the merchant's answer"), true);
  });
  it.each([
    ["with its tab", TAB, "target_closed"],
    ["of a tab that is not watched", TAB + 1, "canceled_by_user"],
  ])("%s is nobody's doing", async (_, tab, reason) => {
    (await watching()).detached(tab, reason);
    expect(ears.blinded).not.toHaveBeenCalled();
  });
  it("by the end of the release is no news", async () => {
    const watch = await watching();
    await watch.stop();
    watch.detached(TAB, "canceled_by_user");
    expect(ears.blinded).not.toHaveBeenCalled();
  });
});
