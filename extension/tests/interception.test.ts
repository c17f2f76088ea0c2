import { afterEach, describe, expect, it, vi } from "vitest";
import { Answers } from "../interception/answers";
import { bodyOf, fits, inflated, textOf } from "../interception/body";
import type { RequestPaused } from "../interception/events";
import { isSendable } from "../interception/fit";
import { acceptLanguage, headersOf } from "../interception/headers";
import { frameOrigin, learnFrames, NOTHING_SEEN, type Seat } from "../interception/sender";
import { StandIn } from "../interception/stand_in";
import { withoutUnpartitioned } from "../interception/third_party";
import { b64u, utf8 } from "../protocol/canonical";
import type { Send } from "../protocol/messages";

const NUMBER = "4111111000801111";
const standIn = new StandIn(NUMBER);

describe("the stand-in", () => {
  it.each([
    `number=${NUMBER}`, "4111 1110 0080 1111", "4111-1110-0080-1111", "4111+1110+0080+1111", "4111%201110%200080%201111",
    "4111\u00a01110\u00a00080\u00a01111", "4111%C2%A01110%C2%A00080%C2%A01111", "%34%31%31%31%31%31%31%30%30%30%38%30%31%31%31%31",
    `{"n":"${NUMBER}"}`, `https://shop.test/pay?n=${NUMBER}`,
  ])("is found in %s", (text) => expect(standIn.isIn(text)).toBe(true));
  it.each(["", "4111111000801112", "4111 1110 0080", "4111,1110,0080,1111x", NUMBER.split("").join("&n=")])("is not found in %s", (text) => expect(standIn.isIn(text)).toBe(false));
  it("is looked for in megabytes that almost hold it", () => expect(standIn.isIn("4111 1110 0080 111 ".repeat(200_000))).toBe(false));
});

const paused = (headers: Record<string, string>, url = "https://shop.test/pay"): RequestPaused => ({
  requestId: "1", frameId: "F", resourceType: "XHR", request: { url, method: "POST", headers },
});

describe("a body", () => {
  it("is read from all its parts, byte for byte", () => {
    expect(textOf({ ...paused({}).request, postDataEntries: [{ bytes: btoa("n=41") }, { bytes: btoa("\u00ff11") }] })).toBe("n=41\u00ff11");
  });
  it("with a file from the disk in it is not whole", () => {
    const { request } = paused({});
    expect(bodyOf({ ...request, hasPostData: true, postDataEntries: [{ bytes: btoa("n=41") }, {}] })).toBeNull();
    expect(bodyOf({ ...request, hasPostData: true, postDataEntries: [{ bytes: btoa("n=41") }] })).toEqual(utf8("n=41"));
    expect(bodyOf(request)).toEqual(utf8(""));
  });
  it.each(["gzip", "deflate"] as const)("is looked into when it is %s", async (format) => {
    const stream = new Blob([`number=${NUMBER}`]).stream().pipeThrough(new CompressionStream(format));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    expect(await inflated(packed)).toBe(`number=${NUMBER}`);
  });
  it("that only looks compressed is none", async () => {
    expect(await inflated(new Uint8Array([0x1f, 0x8b, 1, 2, 3]))).toBeNull();
    expect(await inflated(new Uint8Array([65, 66]))).toBeNull();
  });
  it("that grows without end is given up", async () => {
    const stream = new Blob([new Uint8Array(20_000_000)]).stream().pipeThrough(new CompressionStream("gzip"));
    expect(await inflated(new Uint8Array(await new Response(stream).arrayBuffer()))).toBeNull();
  });
  it("above 4 MB is not sent", () => {
    expect([fits(new Uint8Array(4_000_000)), fits(new Uint8Array(4_000_001))]).toEqual([true, false]);
  });
});

describe("a request that the channel carries", () => {
  const send: Send = {
    type: "send", requestId: "r", releaseId: "rel_1", url: "https://shop.test/pay", method: "POST", headers: [["Content-Type", "text/plain"]],
    body: "", topOrigin: "https://shop.test", frameOrigin: "https://shop.test", resourceType: "fetch",
  };
  const headers = (count: number, length: number): Send["headers"] => Array.from({ length: count }, (_, at) => [`x-${at}`, "x".repeat(length)]);
  it("is one that a payment can be", () => expect(isSendable(send)).toBe(true));
  it.each<[string, Partial<Send>]>([
    ["a method of the page's own", { method: "FOO-BAR" }],
    ["an address of 9,000 characters", { url: `https://shop.test/${"x".repeat(9_000)}` }],
    ["a header of 17,000 characters", { headers: headers(1, 17_000) }],
    ["101 headers", { headers: headers(101, 1) }],
    ["headers of 70,000 characters together", { headers: headers(10, 7_000) }],
    ["a host that no message may name", { frameOrigin: "https://a_b.test" }],
  ])("has not %s", (_, change) => expect(isSendable({ ...send, ...change })).toBe(false));
});

describe("the headers", () => {
  const shop = { topOrigin: "https://shop.test", frameOrigin: "https://shop.test", resourceType: "xhr" as const };
  const cookies = (headers: Record<string, string>, sender: Parameters<typeof headersOf>[1], url?: string, unpartitioned = true) =>
    headersOf(paused(headers, url), sender, ["part=1"], unpartitioned).find(([name]) => name === "Cookie")?.[1];

  it("have the partition's cookies after the browser's", () => expect(cookies({ Cookie: "a=1" }, shop)).toBe("a=1; part=1"));
  it("have the partition's alone where cookies are sent by default", () => expect(cookies({}, shop)).toBe("part=1"));
  it("have the partition's alone where the browser lets no others go", () => expect(cookies({ Cookie: "a=1" }, shop, undefined, false)).toBe("part=1"));
  it("have none where nothing says that the browser would send any", () => expect(cookies({}, shop, "https://pay.test/pay")).toBeUndefined());
  it("name the languages as the browser does", () => {
    expect(acceptLanguage(["en-US", "en"])).toBe("en-US,en;q=0.9");
    expect(acceptLanguage(["de-CH", "fr"])).toBe("de-CH,de;q=0.9,fr;q=0.8");
  });
});

describe("an answer across sites", () => {
  it("keeps its partitioned cookies alone", () => {
    const others: [string, string][] = [["Content-Type", "text/html"], ["set-cookie", "a=1; SameSite=None; Secure; partitioned"]];
    const dropped: [string, string][] = [["Set-Cookie", "b=1; SameSite=None; Secure"], ["SET-COOKIE", "Partitioned=1; Path=/partitioned"]];
    expect(withoutUnpartitioned([...others, ...dropped])).toEqual(others);
  });
});

describe("a frame's origin", () => {
  const tree = {
    frame: { id: "top", url: "https://shop.test/", securityOrigin: "https://shop.test" },
    childFrames: [
      { frame: { id: "srcdoc", url: "about:srcdoc", securityOrigin: "://" }, childFrames: [{ frame: { id: "blank", url: "about:blank", securityOrigin: "://" } }] },
      { frame: { id: "other", url: "https://pay.test/", securityOrigin: "https://pay.test" } },
      { frame: { id: "data", url: "data:text/html,x", securityOrigin: "://" } },
    ],
  };
  it.each([["top", "https://shop.test"], ["srcdoc", "https://shop.test"], ["blank", "https://shop.test"], ["other", "https://pay.test"], ["data", null], ["missing", null]])(
    "of %s is %s", (id, origin) => expect(frameOrigin(tree, id, "https://parent.test")).toBe(origin),
  );
});

describe("an answer", () => {
  const send = { requestId: "r1" } as Send;
  const head = { type: "head" as const, requestId: "r1", status: 200, reason: "OK", headers: [] };
  const end = { type: "end" as const, requestId: "r1", outcome: "swapped" as const, mayHaveBeenCharged: true };
  const chunk = (data: Uint8Array) => ({ type: "chunk" as const, requestId: "r1", data: b64u(data) });

  it("is whole only with its end", async () => {
    const answers = new Answers(async () => undefined);
    const asked = answers.ask(send);
    for (const part of [head, chunk(utf8("pa")), chunk(utf8("id")), end]) answers.came(part);
    expect(await asked).toEqual({ head, body: utf8("paid"), end });
  });
  it("that fits one message comes with its end", async () => {
    const answers = new Answers(async () => undefined);
    const told: string[] = [];
    const asked = answers.ask(send, () => told.push("sent"));
    const answer = { status: 200, reason: "OK", headers: [], data: b64u(utf8("paid")) };
    answers.came({ ...end, answer });
    expect(await asked).toEqual({ head: answer, body: utf8("paid"), end: { ...end, answer } });
    expect(told).toEqual(["sent"]);
  });
  it("above 8 MB has no body to show", async () => {
    const answers = new Answers(async () => undefined);
    const asked = answers.ask(send);
    answers.came(head);
    const piece = chunk(new Uint8Array(192_000));
    for (let n = 0; n < 42; n += 1) answers.came(piece);
    answers.came(end);
    expect((await asked)?.body).toBeNull();
  });
  it("does not come when the channel is lost, and another's is not taken", async () => {
    const answers = new Answers(async () => undefined);
    const asked = answers.ask(send);
    answers.came({ ...end, requestId: "r2" });
    answers.lost();
    expect(await asked).toBeNull();
  });
  it("cannot come to what could not be sent", async () => {
    const answers = new Answers(() => Promise.reject(new Error("offline")));
    await expect(answers.ask(send)).rejects.toThrow("offline");
  });
});

describe("the frames of a tab", () => {
  afterEach(() => vi.unstubAllGlobals());
  const seat = (): Seat => ({ place: { tabId: 1 }, targetId: null, type: "page", url: "", seen: NOTHING_SEEN });
  const at = (origin: string) => ({ frameTree: { frame: { id: "F", url: `${origin}/`, securityOrigin: origin } } });

  it("are not those of a document that another one has replaced", async () => {
    const answers: ((url: string) => void)[] = [];
    vi.stubGlobal("chrome", {
      webNavigation: { getFrame: () => new Promise((done) => answers.push((url) => done({ url }))) },
      debugger: { sendCommand: async () => at("https://new.test") },
    });
    const page = seat();
    const [before, after] = [learnFrames(page), learnFrames(page)];
    answers[1]?.("https://new.test/");
    expect(await after).toBe("https://new.test");
    answers[0]?.("https://old.test/");
    expect(await before).toBeNull();
    expect(page.seen).toEqual({ topOrigin: "https://new.test", frames: new Map([["F", "https://new.test"]]) });
  });
});
