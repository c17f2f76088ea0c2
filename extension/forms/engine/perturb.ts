/**
 * Taking from a page one kind of thing that it says about its controls, to measure what is understood from the rest.
 *
 * Only for measuring: it edits the page, and puts everything back.
 */

/** What can be taken away. */
export const PERTURBATIONS = ["autocomplete", "renamed", "unnamed", "labels", "placeholders", "words"] as const;
export type Perturbation = (typeof PERTURBATIONS)[number];

type Undo = () => void;

const CONTROLS = "input,select,textarea";
const REFERENCES = ["for", "aria-labelledby", "aria-describedby"] as const;

/** Take `what` away; returns how to put it back. */
export function perturb(document: Document, what: Perturbation): Undo {
  const undo: Undo[] = [];
  TAKE[what](document, undo);
  return () => {
    for (const step of undo.reverse()) step();
  };
}

const TAKE: Readonly<Record<Perturbation, (document: Document, undo: Undo[]) => void>> = {
  autocomplete: (document, undo) => {
    dropAttribute(document, "autocomplete", undo);
  },
  renamed: (document, undo) => {
    rename(document, undo, (place) => `x${scramble(place)}`);
  },
  unnamed: (document, undo) => {
    rename(document, undo, (place) => String(place));
    for (const control of document.querySelectorAll(CONTROLS)) setAttribute(control, "name", null, undo);
  },
  labels: (document, undo) => {
    for (const name of ["aria-label", "aria-labelledby", "title"]) dropAttribute(document, name, undo);
    for (const label of document.querySelectorAll("label")) silence(label, undo);
  },
  placeholders: (document, undo) => {
    dropAttribute(document, "placeholder", undo);
  },
  words: (document, undo) => {
    for (const name of ["aria-label", "aria-labelledby", "title", "placeholder"]) dropAttribute(document, name, undo);
    silence(document.documentElement, undo);
  },
};

function rename(document: Document, undo: Undo[], fresh: (place: number) => string): void {
  const names = new Map<string, string>();
  let place = 0;
  for (const control of document.querySelectorAll(CONTROLS)) {
    place += 1;
    if (control.id) {
      names.set(control.id, names.get(control.id) ?? `${fresh(place)}i`);
      setAttribute(control, "id", names.get(control.id) ?? "", undo);
    }
    if (control.hasAttribute("name")) setAttribute(control, "name", `${fresh(place)}n`, undo);
  }
  for (const reference of REFERENCES) {
    for (const element of document.querySelectorAll(`[${reference}]`)) {
      const ids = (element.getAttribute(reference) ?? "").split(/\s+/);
      if (ids.some((id) => names.has(id))) setAttribute(element, reference, ids.map((id) => names.get(id) ?? id).join(" "), undo);
    }
  }
}

// The same names every time, and none that means anything.
function scramble(place: number): string {
  return ((place * 2654435761) >>> 0).toString(36).replace(/[aeiou]/g, "q");
}

function dropAttribute(document: Document, name: string, undo: Undo[]): void {
  for (const element of document.querySelectorAll(`[${name}]`)) setAttribute(element, name, null, undo);
}

function setAttribute(element: Element, name: string, value: string | null, undo: Undo[]): void {
  const before = element.getAttribute(name);
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
  undo.push(() => {
    if (before === null) element.removeAttribute(name);
    else element.setAttribute(name, before);
  });
}

// Options stay: they are what a select holds, not what is said about it.
function silence(root: Element, undo: Undo[]): void {
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node as Text;
    if (!text.data.trim() || /^(?:OPTION|OPTGROUP|SCRIPT|STYLE)$/.test(text.parentElement?.tagName ?? "")) continue;
    const before = text.data;
    text.data = " ";
    undo.push(() => {
      text.data = before;
    });
  }
}
