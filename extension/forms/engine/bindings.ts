/**
 * What a program calls a control that has no telling name or id: the attributes that frameworks and payment libraries bind it by, and its classes.
 */

import { add, isTelling, lastSegments, lastWords, type Source, type Words } from "./read";
import { identifierWords } from "./text";

// formcontrolname, ng-model, th:field, data-checkout.
const BINDS = /^(?:data-|form-?control|ng-|v-model|x-model|th:|wire:|automation)/;
const LONGEST_BINDING = 80;

/** Add what the control's bindings and classes tell. */
export function addBindings(texts: Words[], element: Element): void {
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at++) {
    const { name, value } = attributes[at] as Attr;
    if (value.length < 3 || value.length > LONGEST_BINDING) continue;
    if (name === "class") for (const part of value.split(" ")) addBinding(texts, "class", part);
    else if (BINDS.test(name)) addBinding(texts, "data", lastSegments(value));
  }
}

function addBinding(texts: Words[], source: Source, binding: string): void {
  const words = lastWords(identifierWords(binding));
  if (isTelling(words) && !texts.some((text) => text.source === source && text.words === words)) add(texts, source, words);
}
