/**
 * Words without seams: compounds ("Kreditkartennummer"), and identifiers whose words were glued together ("numerodetarjeta").
 */

import { type Concept, stemsOf, WEIGHTY, wholeWord } from "./terms";

// What identifiers are decked with.
const FILLERS = /^(?:inp|input|txt|text|tb|fld|field|frm|form|my|new|the|user|pay|payment|billing|ddl|sel|select|lbl|str|cc|edit|add|checkout|order|customer|i|f|c)$/;
/** Longer ones were made by machines. */
const LONGEST = 40;
const MOST_KEPT = 4000;
const known = new Map<string, ReadonlySet<Concept>>();
const NOTHING: ReadonlySet<Concept> = new Set();
const LINKS = /(?:en|es|n|s)?$/;
const SHORTEST_PART = 3;

/** "debitkarten-nummer", "utlops-maned", "expiry-month": what a known beginning leaves of the word may be a word again. */
export function compoundedWith(word: string): readonly Concept[] {
  for (let cut = SHORTEST_PART; cut <= word.length - 2 && word.length <= LONGEST; cut++) {
    const part = word.slice(cut);
    if (part.length < SHORTEST_PART && !YEAR_PARTS.has(part)) continue;
    const concepts = [...partOf(part), ...stemsOf(part)].filter((concept) => COMPOUNDED.has(concept));
    if (concepts.length > 0 && isKnown(word.slice(0, cut))) return concepts;
  }
  return [];
}

function isKnown(word: string): boolean {
  const bare = word.replace(LINKS, "");
  return [word, bare].some((part) => part.length >= SHORTEST_PART && (wholeWord(part).length > 0 || stemsOf(part).length > 0)) || (word.length > LONG && gluedConcepts(word).size > 0);
}

const LONG = 6;
const COMPOUNDED: ReadonlySet<Concept> = new Set(["number", "cardNumber", "expiry", "month", "year", "date", "code", "digits", "securityCode", "holder", "name", "type", "cardType"]);

// The one short word that closes compounds: "utgangs-ar".
const YEAR_PARTS: ReadonlySet<string> = new Set(["ar", "ev"]);

/** "numerotarjeta", "inpcvv". */
export function gluedConcepts(word: string): ReadonlySet<Concept> {
  if (word.length > LONGEST) return NOTHING;
  const cached = known.get(word);
  if (cached) return cached;
  let found = NOTHING;
  for (let cut = word.length - 2; cut >= 1 && found.size === 0; cut--) found = new Set(conceptsOf(word.slice(0, cut), word.slice(cut)));
  if (known.size > MOST_KEPT) known.clear();
  known.set(word, found);
  return found;
}

// Two words, a word after several, or a word that is decked.
function conceptsOf(left: string, right: string): readonly Concept[] {
  const first = wholeWord(left);
  const second = partOf(right);
  const ends = isContent(second, right);
  if (ends && left.length >= 2 && isContent(first, left)) return [...first, ...second];
  const before = ends && right.length >= WEIGHTY && left.length > LONG ? gluedConcepts(left) : NOTHING;
  if (before.size > 0) return [...second, ...before];
  if (right.length >= SHORTEST_PART && FILLERS.test(left)) return second;
  return left.length >= SHORTEST_PART && FILLERS.test(right) ? first : [];
}

const JOINTS = /^(?:de|da|do|del|di|d|of|on|van)(?=..)/;

// "mes-de-vencimiento", "name-on-card".
function partOf(word: string): Concept[] {
  const whole = wholeWord(word);
  return whole.length > 0 || word.length < LONG ? whole : wholeWord(word.replace(JOINTS, ""));
}

// "Su" and "de" are words somewhere, and the beginning of many others everywhere.
function isContent(concepts: readonly Concept[], word: string): boolean {
  return word.length >= WEIGHTY ? concepts.length > 0 : concepts.some((concept) => concept !== "filler");
}
