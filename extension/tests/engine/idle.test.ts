// @vitest-environment jsdom
import { afterEach, expect, it, vi } from "vitest";
import { idle } from "../../forms/engine/idle";
import { QUIET_MS, watchControls } from "../../forms/engine/watch";
import { page } from "./page";

afterEach(() => void vi.useRealTimers());

it("waiting for a form takes one observer, and is asked for nothing while the page stands still", async () => {
  page("<main><p>No form here</p></main>");
  const before = { MutationObserver, setTimeout };
  const cost = await idle(document, 20);
  expect(cost.observers).toBe(1);
  expect(cost.busy).toBeGreaterThanOrEqual(0);
  expect({ MutationObserver, setTimeout }).toEqual(before);
  expect(document.querySelector("i")).toBeNull();
});

it("controls that come in a shadow root are noticed, in one that was there and in one that comes", async () => {
  vi.useFakeTimers();
  page("<shop-pay></shop-pay><main></main>");
  const there = document.querySelector("shop-pay")!.attachShadow({ mode: "open" });
  for (const bring of [
    (): void => void (there.innerHTML = "<div><input></div>"),
    (): void => void document.querySelector("main")!.append(withShadow("<p><input></p>")),
    (): void => void document.querySelector("main")!.lastElementChild!.shadowRoot!.append(document.createElement("select")),
    (): void => void there.querySelector("input")!.remove(),
  ]) {
    const changed = vi.fn();
    const stop = watchControls(document, changed);
    bring();
    await vi.advanceTimersByTimeAsync(2 * QUIET_MS);
    stop();
    expect(changed).toHaveBeenCalledOnce();
  }
});

it("what is no control is not told", async () => {
  vi.useFakeTimers();
  page("<main></main>");
  const changed = vi.fn();
  const stop = watchControls(document, changed);
  document.querySelector("main")!.append(withShadow("<p>Thank you</p>"), "text", document.createElement("p"));
  await vi.advanceTimersByTimeAsync(2 * QUIET_MS);
  stop();
  expect(changed).not.toHaveBeenCalled();
});

function withShadow(text: string): HTMLElement {
  const host = document.createElement("shop-card");
  host.attachShadow({ mode: "open" }).innerHTML = text;
  return host;
}
