import { classify, fieldType } from "../../forms/engine/classify";
import type { FillValues } from "../../forms/engine/values";

/** A number from the test range of its brand. */
export const card: FillValues = { number: "4111111111111111", securityCode: "737", month: 3, year: 2031, name: "Ada Example" };

/** jsdom has no layout; visibility is tested in Chromium. */
export const everywhere = (): boolean => true;

export function page(html: string, lang = "en"): Document {
  document.documentElement.lang = lang;
  document.body.innerHTML = html;
  return document;
}

export function typesOf(html: string): (string | null)[] {
  return classify(page(html)).map(fieldType);
}
