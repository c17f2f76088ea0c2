// The engine as a bundle for an isolated world of a test: the same modules the extension is built from.
import { startFill } from "../../../extension/forms/engine/fill";
import { offerOf, planOwn } from "../../../extension/forms/engine/frames";
import { planDocument } from "../../../extension/forms/engine/plan";
import { readControls } from "../../../extension/forms/engine/read";
import { rootsOf } from "../../../extension/forms/engine/roots";
import type { FieldType } from "../../../extension/forms/engine/rules";
import type { FillValues } from "../../../extension/forms/engine/values";
import { isCovered } from "../../../extension/forms/engine/covering";
import { moved, type Place, placeOf } from "../../../extension/forms/engine/place";
import { hiddenReason } from "../../../extension/forms/engine/visibility";
import { watchControls } from "../../../extension/forms/engine/watch";

const find = (selector: string): Element => {
  for (const root of rootsOf(document)) {
    const found = root.querySelector(selector);
    if (found) return found;
  }
  throw new Error(`nothing is ${selector}`);
};
const places: Place[][] = [];

// The first answer that is not null, now or after a change, or null after `limit` milliseconds: what the worker does with the watch.
const waitFor = <T>(look: () => T | null, limit: number): Promise<T | null> =>
  new Promise((resolve) => {
    const end = (answer: T | null): void => {
      stop();
      clearTimeout(timer);
      resolve(answer);
    };
    const ask = (): void => {
      const answer = look();
      if (answer !== null) end(answer);
    };
    const stop = watchControls(document, ask);
    const timer = setTimeout(() => end(null), limit);
    ask();
  });

const api = {
  plan: () => planDocument(document).map((field) => field.type),
  offer: () => offerOf(document),
  fillOwn: (types: FieldType[], values: FillValues) => startFill(planOwn(document, types), values).finish(() => true),
  fillForm: (values: FillValues) => startFill(planDocument(document), values).finish(() => true),
  fillOne: (selector: string, type: FieldType, values: FillValues) => {
    const control = readControls(document).find(({ element }) => element.matches(selector));
    return control ? startFill([{ type, controls: [control], part: "card" }], values).finish(() => true) : null;
  },
  seen: (selector: string) => hiddenReason(find(selector)) ?? (isCovered(find(selector)) ? "covered" : "seen"),
  remember: (selectors: string[]) => places.push(selectors.map((selector) => placeOf(find(selector)))) - 1,
  hasMoved: (at: number, selectors: string[]) => moved(places[at] ?? [], selectors.map((selector) => placeOf(find(selector)))),
  waitForPlan: (limit: number) => waitFor(() => (planDocument(document).length > 0 ? true : null), limit),
  countLooks: () => watchControls(document, () => (document.documentElement.dataset["looks"] = String(Number(document.documentElement.dataset["looks"] ?? 0) + 1))) && null,
};

(globalThis as typeof globalThis & { engine?: typeof api }).engine = api;
