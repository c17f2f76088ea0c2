/**
 * A card type asked by radio buttons.
 */

import { names } from "./choose";

const BRANDS = ["visa", "mastercard", "amex", "discover", "jcb", "diners", "maestro", "unionpay"];
const FEWEST = 2;

/** The radio buttons of one group that name card brands; empty when there is no such group. */
export function findBrandRadios(scope: Element | Document): HTMLInputElement[] {
  const groups = new Map<string, HTMLInputElement[]>();
  for (const radio of radiosIn(scope)) {
    if (!radio.name || !BRANDS.some((brand) => namesBrand(radio, brand))) continue;
    groups.set(radio.name, [...(groups.get(radio.name) ?? []), radio]);
  }
  return [...groups.values()].find((group) => group.length >= FEWEST) ?? [];
}

function radiosIn(scope: Element | Document): Iterable<HTMLInputElement> {
  // A control called "querySelectorAll" stands in front of the form's method.
  const { querySelectorAll } = scope.nodeType === Node.DOCUMENT_NODE ? Document.prototype : Element.prototype;
  return querySelectorAll.call(scope, 'input[type="radio"]') as NodeListOf<HTMLInputElement>;
}

/** Whether a radio button stands for a card brand, by its value, its label or the picture in it. */
export function namesBrand(radio: HTMLInputElement, brand: string): boolean {
  const label = radio.labels?.[0];
  const alt = label?.querySelector("img")?.alt ?? "";
  return [radio.value, radio.id, label?.textContent ?? "", alt].some((text) => names(text, brand));
}
