/**
 * Writing a value so that the page's own code takes it, and reading it back.
 *
 * Two ways, tried in this order: the prototype's setter with the events of an edit, which frameworks and
 * masks follow; then key by key, for pages that build their own copy from keys. A value counts only when
 * the control still holds it after it lost the focus.
 */

import type { ControlElement } from "./read";
import { asciiDigits } from "./text";

/** How a value is written; see {@link WAYS}. */
export type Way = (element: ControlElement, text: string) => void;

/** Every way to write, the likeliest first. */
export const WAYS: readonly Way[] = [writeWhole, writeByKeys];

/** Time for a framework to render what was written, in milliseconds. */
export const SETTLE_MS = 60;

/** Whether the control holds the value, whatever blanks and separators a mask added. */
export function holds(element: ControlElement, text: string): boolean {
  if (element.tagName === "SELECT") return element.value === text;
  return essence(element.value) === essence(text) && essence(text) !== "";
}

function essence(text: string): string {
  return asciiDigits(text).replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

function writeWhole(element: ControlElement, text: string): void {
  inFocus(element, () => {
    setValue(element, text);
    fire(element, new InputEvent("input", { bubbles: true, composed: true, inputType: "insertReplacementText", data: text }));
    fire(element, new Event("change", { bubbles: true }));
  });
}

function writeByKeys(element: ControlElement, text: string): void {
  if (element.tagName === "SELECT") return writeWhole(element, text);
  inFocus(element, () => {
    setValue(element, "");
    fire(element, new InputEvent("input", { bubbles: true, composed: true, inputType: "deleteContentBackward" }));
    for (const key of text) typeKey(element, key);
    fire(element, new Event("change", { bubbles: true }));
  });
}

function typeKey(element: ControlElement, key: string): void {
  const about = { key, code: /\d/.test(key) ? `Digit${key}` : "", keyCode: key.charCodeAt(0), which: key.charCodeAt(0), bubbles: true, cancelable: true, composed: true };
  const before = element.value;
  if (!element.dispatchEvent(new KeyboardEvent("keydown", about))) return;
  element.dispatchEvent(new KeyboardEvent("keypress", { ...about, charCode: key.charCodeAt(0) }));
  if (element.value === before) {
    setValue(element, before + key);
    fire(element, new InputEvent("input", { bubbles: true, composed: true, inputType: "insertText", data: key }));
  }
  element.dispatchEvent(new KeyboardEvent("keyup", about));
}

// Frameworks replace the setter on the element itself to notice writes by script; the prototype's setter goes past that.
/** What the page had declared on a control before it was written to; the attribute itself says "off" from then on. */
export const declaredAutocomplete = new WeakMap<Element, string>();

function setValue(element: ControlElement, text: string): void {
  // The browser writes what is in a form to disk, to restore it after a crash, except where the control says no.
  if (!declaredAutocomplete.has(element)) declaredAutocomplete.set(element, element.getAttribute("autocomplete") ?? "");
  element.setAttribute("autocomplete", "off");
  const owner = Object.getPrototypeOf(element) as object;
  Object.getOwnPropertyDescriptor(owner, "value")?.set?.call(element, text);
}

// A tab in the background moves the focus without telling the page, so it is told.
function inFocus(element: ControlElement, edit: () => void): void {
  let told = false;
  const notice = (): void => {
    told = true;
  };
  element.addEventListener("focus", notice, { once: true });
  element.focus({ preventScroll: true });
  element.removeEventListener("focus", notice);
  if (!told) tell(element, "focus", "focusin");
  edit();
  told = false;
  element.addEventListener("blur", notice, { once: true });
  element.blur();
  element.removeEventListener("blur", notice);
  if (!told) tell(element, "blur", "focusout");
}

function tell(element: ControlElement, own: string, bubbling: string): void {
  fire(element, new FocusEvent(own, { composed: true }));
  fire(element, new FocusEvent(bubbling, { bubbles: true, composed: true }));
}

function fire(element: ControlElement, event: Event): void {
  element.dispatchEvent(event);
}
