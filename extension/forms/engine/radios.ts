/**
 * A card type asked by radio buttons.
 */

import { names } from "./choose";
import { allIn } from "./tree";

const BRANDS = ["visa", "mastercard", "amex", "discover", "jcb", "diners", "maestro", "unionpay"];
const FEWEST = 2;

/** The radio buttons of one group that name card brands; empty when there is no such group. */
export function findBrandRadios(scope: Element | Document): HTMLInputElement[] {
  const groups = new Map<string, HTMLInputElement[]>();
  for (const radio of allIn<HTMLInputElement>(scope, 'input[type="radio"]')) {
    if (!radio.name || !BRANDS.some((brand) => namesBrand(radio, brand))) continue;
    groups.set(radio.name, [...(groups.get(radio.name) ?? []), radio]);
  }
  return [...groups.values()].find((group) => group.length >= FEWEST) ?? [];
}

/** Whether a radio button stands for a card brand, by its value, its label or the picture in it. */
export function namesBrand(radio: HTMLInputElement, brand: string): boolean {
  const label = radio.labels?.[0];
  const alt = label?.querySelector("img")?.alt ?? "";
  return [radio.value, radio.id, label?.textContent ?? "", alt].some((text) => names(text, brand));
}
