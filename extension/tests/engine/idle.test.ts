// @vitest-environment jsdom
import { expect, it } from "vitest";
import { idle } from "../../forms/engine/idle";
import { page } from "./page";

it("waiting for a form takes one observer, and is asked for nothing while the page stands still", async () => {
  page("<main><p>No form here</p></main>");
  const before = { MutationObserver, setTimeout };
  const cost = await idle(document, 20);
  expect(cost.observers).toBe(1);
  expect(cost.busy).toBeGreaterThanOrEqual(0);
  expect({ MutationObserver, setTimeout }).toEqual(before);
  expect(document.querySelector("i")).toBeNull();
});
