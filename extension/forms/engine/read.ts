/**
 * Reading: every control of a document with what the page says about it.
 *
 * In: a document or an open shadow root. Out: one {@link Control} for each fillable element, in document
 * order. Nothing is judged here, nothing is written, and no layout is forced.
 */

import { addBindings } from "./bindings";
import { columnHeader, nearText, precedingText, readable, sharesRow } from "./context";
import { type Concept, meaningOf } from "./lexicon";
import { summariseOptions, type OptionsSummary } from "./options";
import { sensesOf } from "./rules";
import { identifierWords, normalise } from "./text";
import { allIn, elementOf } from "./tree";
import { declaredAutocomplete } from "./write";

export type ControlElement = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Where a piece of text about a control was found. */
export type Source = "label" | "aria" | "placeholder" | "title" | "name" | "id" | "data" | "class" | "near" | "before" | "row" | "column";

/** A piece of text about a control, normalised. */
export interface Words {
  readonly source: Source;
  readonly words: string;
}

/** One fillable control as the page describes it. */
export interface Control {
  readonly element: ControlElement;
  /** Position among all `input, select, textarea` of its document or shadow root. */
  readonly index: number;
  /** `select`, `textarea`, or the input's type. */
  readonly kind: string;
  /** The autocomplete tokens, lower case. */
  readonly autocomplete: readonly string[];
  readonly texts: readonly Words[];
  /** As written, for shapes such as MM/YY. */
  readonly placeholder: string;
  /** Its visible description as written, for shapes such as MM/YY. */
  readonly caption: string;
  /** -1 when the page sets none. */
  readonly maxLength: number;
  readonly options: OptionsSummary | null;
  readonly form: Element | null;
}

const LETTER = /\p{L}/u;
const SPEAKING = "input,select,textarea,label";
const FILLABLE = new Set(["text", "password", "tel", "number", "email", "url", "search", "date", "month", "select", "textarea"]);
// Buttons and hidden inputs say nothing about the fields around them.
const SILENT = new Set(["hidden", "submit", "button", "image", "reset"]);

/** All fillable controls of one document or shadow root, in document order. */
export function readControls(root: Document | ShadowRoot): Control[] {
  const { heard, labels } = listen(root);
  const controls: Control[] = [];
  let last: Control | null = null;
  for (let at = 0; at < heard.length; at++) {
    const { element, index, kind } = heard[at] as Heard;
    if (!FILLABLE.has(kind)) {
      last = null;
      continue;
    }
    const around: Around = { previous: heard[at - 1]?.element ?? null, next: heard[at + 1]?.element ?? null, last };
    last = readControl(element, index, kind, labels, around);
    controls.push(last);
  }
  return controls;
}

interface Heard {
  readonly element: ControlElement;
  readonly index: number;
  readonly kind: string;
}

// Controls and labels in one walk.
function listen(root: Document | ShadowRoot): { heard: Heard[]; labels: Labels } {
  const heard: Heard[] = [];
  const labels: Labels = new Map();
  let index = 0;
  for (const element of allIn<ControlElement | HTMLLabelElement>(root, SPEAKING)) {
    if (isLabel(element)) {
      addLabel(element, labels);
      continue;
    }
    const kind = kindOf(element);
    if (!SILENT.has(kind)) heard.push({ element, index, kind });
    index += 1;
  }
  return { heard, labels };
}

function isLabel(element: ControlElement | HTMLLabelElement): element is HTMLLabelElement {
  return element.tagName === "LABEL";
}

function addLabel(label: HTMLLabelElement, labels: Labels): void {
  const control = label.control as ControlElement | null;
  if (!control || !FILLABLE.has(kindOf(control))) return;
  const text = ownText(label);
  if (!text) return;
  const others = labels.get(control);
  if (others) others.push(text);
  else labels.set(control, [text]);
}

// A control may have several labels, and not all that point to it speak of it.
type Labels = Map<Element, string[]>;
const NO_LABEL: readonly string[] = [];

interface Around {
  readonly previous: ControlElement | null;
  readonly next: ControlElement | null;
  readonly last: Control | null;
}

function readControl(element: ControlElement, index: number, kind: string, labels: Labels, around: Around): Control {
  const own = labels.get(element) ?? NO_LABEL;
  const label = own.length > 1 ? own.join(" ") : (own[0] ?? "");
  const aria = ariaText(element);
  const placeholder = element.getAttribute("placeholder") ?? "";
  const texts: Words[] = [];
  const labelWords = normalise(label);
  const ariaWords = aria === label ? "" : normalise(aria);
  for (const text of own) addPieces(texts, "label", text, own.length > 1 ? normalise(text) : labelWords);
  add(texts, "aria", ariaWords);
  add(texts, "placeholder", normalise(placeholder));
  add(texts, "title", normalise(element.title));
  const name = lastWords(identifierWords(lastSegments(element.getAttribute("name") ?? "")));
  const id = lastWords(identifierWords(lastSegments(element.id)));
  add(texts, "name", name);
  add(texts, "id", id === name ? "" : id);
  if (!isTelling(name) && !isTelling(id)) addBindings(texts, element);
  const autocomplete = autocompleteTokens(element);
  const named = LETTER.test(labelWords) || LETTER.test(ariaWords);
  let caption = named || speaksForItself(kind, autocomplete) || texts.some(isNoPayment) ? label || aria : addNeighbours(texts, element, around);
  if (!caption && !placeholder) caption = nameByTitle(texts, element);
  return {
    element, index, kind, autocomplete, texts, placeholder, caption,
    maxLength: limitOf(element),
    options: element.tagName === "SELECT" ? summariseOptions(element as HTMLSelectElement) : null,
    form: element.form ?? null,
  };
}

// A title is read out where nothing else names the control (HTML accessibility mappings, accessible name).
function nameByTitle(texts: Words[], element: ControlElement): string {
  add(texts, "aria", normalise(element.title));
  return element.title;
}

// The nearest speech wins: own box, then the column's header, then the text before, then what the control before was called.
function addNeighbours(texts: Words[], element: ControlElement, around: Around): string {
  const near = nearText(element, around.previous, around.next);
  if (near) {
    addPieces(texts, "near", near, normalise(near));
    return near;
  }
  const column = columnHeader(element);
  if (column) {
    add(texts, "column", normalise(column));
    return column;
  }
  const before = withUnit(precedingText(element, around.previous), element);
  if (before) {
    add(texts, "before", normalise(before));
    return before;
  }
  const shared = around.last && sharesRow(around.last.element, element) ? sharedWords(around.last) : "";
  add(texts, "row", shared);
  return "";
}

const UNIT = /^[\s/]*([月年日월년일])/;
const ONLY_UNIT = /^[\s/月年월년日일]*$/;

// Japanese, Chinese and Korean write the unit after the box: "有効期限 [  ]月 / [  ]年".
function withUnit(before: string, element: ControlElement): string {
  const after = element.nextSibling;
  const unit = after?.nodeType === Node.TEXT_NODE ? UNIT.exec(after.nodeValue ?? "")?.[1] : undefined;
  if (unit === undefined) return before;
  return ONLY_UNIT.test(before) ? unit : `${before} ${unit}`;
}

// "checkout.billing.cardInput-1.securityCode": the end of a path names the field, the rest its place.
export function lastSegments(identifier: string): string {
  if (identifier.length < 24) return identifier;
  const segments = identifier.split(/[.[\]/:$]+/).filter((segment) => /\p{L}/u.test(segment));
  return segments.slice(-2).join(" ");
}

const MOST_NAMED = 5;

// "shop_billing_payment_methods_credit_card_number": so do the last words of a long name.
export function lastWords(words: string): string {
  if (words.length < 24) return words;
  return words.split(" ").slice(-MOST_NAMED).join(" ");
}

function sharedWords(control: Control): string {
  for (const source of ["label", "near", "before", "row"] as const) {
    const found = control.texts.find((text) => text.source === source);
    if (found) return found.words;
  }
  return "";
}

const FEW_WORDS = 6;
const MOST_PIECES = 4;
/** Stands between pieces of text that the page shows apart. */
export const APART = " · ";

// A name with an explanation under it is a name: long texts are heard piece by piece.
function addPieces(texts: Words[], source: Source, text: string, words: string): void {
  if (!text.includes(APART) || isShort(words)) return add(texts, source, words);
  for (const piece of text.split(APART, MOST_PIECES)) add(texts, source, normalise(piece));
}

function isShort(words: string): boolean {
  let at = -1;
  for (let count = 0; count < FEW_WORDS; count++) {
    at = words.indexOf(" ", at + 1);
    if (at < 0) return true;
  }
  return false;
}

/** Whether words, as normalised, say anything about a field. */
export function isTelling(words: string): boolean {
  return sensesOf(meaningOf(words)).length > 0;
}

export function add(texts: Words[], source: Source, words: string): void {
  if (words) texts.push({ source, words });
}

function kindOf(element: ControlElement): string {
  if (element.tagName === "SELECT") return "select";
  return element.tagName === "TEXTAREA" ? "textarea" : element.type;
}

function limitOf(element: ControlElement): number {
  if (element.tagName === "SELECT") return -1;
  return (element as HTMLInputElement).maxLength;
}

const DECLARED = /^(?:cc-\w|given-name|family-name|name$|address-l|street-address|postal-code|country|tel|email|username|one-time-code|bday|organization)/;

// Nobody has to look around for what a control is that says so to the browser.
function speaksForItself(kind: string, autocomplete: readonly string[]): boolean {
  return kind === "email" || kind === "search" || DECLARED.test(autocomplete.at(-1) ?? "");
}

const NO_PAYMENT: readonly Concept[] = ["email", "login", "search"];
const PAYMENT: readonly Concept[] = ["card", "code", "security", "number"];

// "Email" or "Password" by its own name or example: what stands around could only say it again.
function isNoPayment({ words }: Words): boolean {
  const { concepts } = meaningOf(words);
  return NO_PAYMENT.some((concept) => concepts.has(concept)) && !PAYMENT.some((concept) => concepts.has(concept));
}

function autocompleteTokens(element: ControlElement): string[] {
  const value = declaredAutocomplete.get(element) ?? element.getAttribute("autocomplete");
  return value ? value.trim().toLowerCase().split(/\s+/) : [];
}

function ariaText(element: Element): string {
  const own = element.getAttribute("aria-label");
  if (own) return own;
  const ids = element.getAttribute("aria-labelledby");
  if (!ids) return "";
  return ids.split(/\s+/).map((id) => elementOf(id, element)?.textContent ?? "").join(" ").slice(0, 160);
}

// A label that wraps its control must not read the control's own options aloud.
function ownText(label: HTMLLabelElement): string {
  return label.firstElementChild ? readable(label) : (label.textContent ?? "").trim();
}

/** Elements whose text nobody reads as a description. */
export const UNREAD = new Set(["OPTION", "SELECT", "OPTGROUP", "SCRIPT", "STYLE", "TEXTAREA", "NOSCRIPT", "TEMPLATE", "TITLE"]);
