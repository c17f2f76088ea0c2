/**
 * The text around a control that has no label of its own: its box, its table column, what stands before it.
 */

import { APART, type ControlElement, isTelling, UNREAD } from "./read";
import { normalise } from "./text";
import { walkerAt } from "./tree";

const LEVELS = 5;
const ENOUGH = 160;
const STEPS = 60;
const EDGES = new Set(["BODY", "HTML", "FORM", "MAIN", "TABLE", "TBODY"]);
const SILENT_INPUTS = new Set(["hidden", "submit", "button", "image", "reset"]);

const LETTER = /\p{L}/u;
const WORD = /[\p{L}\p{N}]/u;

/** The text inside the largest boxes that hold this control and no other; empty when there is none. */
export function nearText(element: ControlElement, previous: Element | null, next: Element | null): string {
  let box: Element = element;
  let text = "";
  for (let level = 0; level < LEVELS; level++) {
    const parent = box.parentElement;
    if (!parent || EDGES.has(parent.tagName) || (previous && parent.contains(previous)) || (next && parent.contains(next))) break;
    const before = text;
    text = spoken(parent, box, text);
    box = parent;
    if (text && text !== before && isTelling(normalise(text))) break;
    // One level more than the first that speaks of nothing: an error text often sits nearer than the label.
    if (before || text.length > ENOUGH) return before && text.length > ENOUGH ? before : text.slice(0, ENOUGH);
  }
  return text.slice(0, ENOUGH);
}

// A parent that holds nothing but what was read already says nothing new; most do.
function spoken(parent: Element, read: Element, known: string): string {
  return parent.childNodes.length === 1 && parent.firstChild === read ? known : readable(parent);
}

/** The text above the control in the same column, when its own row says nothing. */
export function columnHeader(element: Element): string {
  return tableHeader(element) || gridHeader(element);
}

const MOST_COLUMNS = 8;

// Boxes in a row under a row of as many boxes: a table made of something else.
function gridHeader(element: Element): string {
  let cell: Element = element;
  for (let level = 0; level < LEVELS; level++) {
    const row = cell.parentElement;
    if (!row || EDGES.has(row.tagName)) return "";
    const above = row.previousElementSibling;
    const columns = row.childElementCount;
    if (above && columns > 1 && columns <= MOST_COLUMNS && above.childElementCount === columns) {
      const header = above.children[Array.prototype.indexOf.call(row.children, cell)];
      return header && !above.querySelector("input,select,textarea") && row.querySelectorAll("input,select,textarea").length <= columns + 1 ? readable(header).slice(0, ENOUGH) : "";
    }
    cell = row;
  }
  return "";
}

function tableHeader(element: Element): string {
  const cell = element.closest<HTMLTableCellElement>("td,th");
  const row = cell?.parentElement as HTMLTableRowElement | null;
  const table = row?.closest("table");
  if (!cell || !row || !table || row.rowIndex < 1 || readable(row)) return "";
  for (let above = row.rowIndex - 1; above >= 0; above--) {
    const header = table.rows[above]?.cells[cell.cellIndex];
    if (!header) return "";
    if (header.querySelector("input,select,textarea")) continue;
    const text = readable(header);
    if (text) return text.slice(0, ENOUGH);
  }
  return "";
}

/** The last text before the control, up to the control before it. */
export function precedingText(element: ControlElement, previous: Element | null): string {
  const walker = walkerAt(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let step = 0; step < STEPS; step++) {
    const node = walker.previousNode();
    if (!node || node === previous || isField(node)) return "";
    if (node.nodeType !== Node.TEXT_NODE || UNREAD.has(node.parentElement?.tagName ?? "")) continue;
    const text = (node.nodeValue ?? "").trim();
    if (/\p{L}/u.test(text)) return text.slice(-ENOUGH);
  }
  return "";
}

/** Whether two controls stand in one row, so that one description covers both. */
export function sharesRow(first: Element, second: Element): boolean {
  let box = second.parentElement;
  for (let level = 0; level < 3 && box && !EDGES.has(box.tagName); level++) {
    if (box.contains(first)) return true;
    box = box.parentElement;
  }
  return first.parentElement === second.parentElement;
}

function isField(node: Node): boolean {
  const name = node.nodeName;
  if (name === "SELECT" || name === "TEXTAREA") return true;
  return name === "INPUT" && !SILENT_INPUTS.has((node as HTMLInputElement).type);
}

interface Heard {
  text: string;
  /** The text of the last label that points to no control. */
  named: string;
  labels: number;
  steps: number;
}

/** The text that a person reads in a box; a label that points nowhere names what stands beside it, better than the help around it. */
export function readable(box: Element): string {
  const heard: Heard = { text: "", named: "", labels: 0, steps: 0 };
  hear(box, heard);
  if (heard.labels === 1 && heard.named) return heard.named;
  return LETTER.test(heard.text) ? heard.text : "";
}

// Steps by hand: a tree walker costs more than the few nodes that most boxes hold.
function hear(box: Node, heard: Heard): void {
  for (let node = box.firstChild; node && heard.steps < STEPS && heard.text.length <= ENOUGH; node = node.nextSibling) {
    heard.steps += 1;
    if (node.nodeType === Node.TEXT_NODE) addPart((node as Text).data.trim(), heard);
    else if (node.firstChild && !UNREAD.has(node.nodeName)) hearInside(node as Element, heard);
  }
}

function hearInside(element: Element, heard: Heard): void {
  const before = heard.text.length;
  hear(element, heard);
  if (element.nodeName !== "LABEL") return;
  heard.labels += 1;
  if (!(element as HTMLLabelElement).control) heard.named = heard.text.slice(before && before + APART.length);
}

function addPart(part: string, heard: Heard): void {
  if (part && WORD.test(part)) heard.text += heard.text ? APART + part : part;
}
