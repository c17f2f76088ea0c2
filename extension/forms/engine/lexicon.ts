/**
 * The lexicon: which concepts a piece of text names, in all languages at once.
 *
 * Pages mix languages (a Spanish label over an English name), and `lang` is often wrong, so no language is
 * chosen. Terms come from `languages/*.json`; a term that ends in `*` may go on ("kart*"), scripts without
 * spaces match anywhere, and the longest term wins and takes its words.
 */

import { compoundedWith, gluedConcepts } from "./compounds";
import { type Concept, signsFrom, stemsOf, termsFrom, type Term, WEIGHTY } from "./terms";
import { isUnspaced } from "./text";

export type { Concept } from "./terms";

/** The concepts a text names, and how many words it has. */
export interface Meaning {
  readonly concepts: ReadonlySet<Concept>;
  readonly length: number;
  /** Some word of weight is in no language's list: "Alpine club card number". */
  readonly strange: boolean;
}

// Single signs that mean something inside a longer word; all others must stand alone.
const ANYWHERE: ReadonlySet<Concept> = new Set(["card", "month", "year"]);
const EMPTY: Meaning = { concepts: new Set(), length: 0, strange: false };
const WEIGHTY_SIGNS = 2;
const MOST_KEPT = 4000;
const known = new Map<string, Meaning>();

/** The concepts that a normalised text names. */
export function meaningOf(words: string): Meaning {
  if (!words) return EMPTY;
  const cached = known.get(words);
  if (cached) return cached;
  const concepts = new Set<Concept>();
  const unspaced = isUnspaced(words) ? readUnspaced(words, concepts) : null;
  const list = (unspaced ? unspaced.rest : words).split(" ").filter(Boolean);
  const strange = readSpaced(list, concepts);
  addQualifiers(words, list, concepts);
  concepts.delete("filler");
  const meaning = { concepts, length: list.length, strange: strange || (unspaced !== null && unspaced.unread >= WEIGHTY_SIGNS) };
  if (known.size > MOST_KEPT) known.clear();
  known.set(words, meaning);
  return meaning;
}

// Whether a word of weight was not understood.
function readSpaced(list: readonly string[], found: Set<Concept>): boolean {
  let strange = false;
  for (let at = 0; at < list.length; ) {
    const taken = readAt(list, at, found);
    strange ||= taken === 0 && (list[at] as string).length >= WEIGHTY;
    at += Math.max(1, taken);
  }
  return strange;
}

// "Card number" takes its words; what kind of card it is may lie within them: "numero de carte cadeau", "kredittkortnummer".
const QUALIFIERS: readonly Concept[] = ["giftCard", "loyalty", "creditCard"];

function addQualifiers(words: string, list: readonly string[], found: Set<Concept>): void {
  if (!found.has("cardNumber")) return;
  for (let at = 0; at < list.length; at++) {
    for (const term of termsFrom(list[at] as string)) if (QUALIFIERS.includes(term.concept) && continues(term, list, at)) found.add(term.concept);
    for (const concept of stemsOf(list[at] as string)) if (QUALIFIERS.includes(concept)) found.add(concept);
  }
  if (isUnspaced(words)) addQualifyingSigns(words.replace(/ /g, ""), found);
}

function addQualifyingSigns(text: string, found: Set<Concept>): void {
  for (let at = 0; at < text.length; at++) {
    for (const entry of signsFrom(text[at] as string)) if (QUALIFIERS.includes(entry.concept) && text.startsWith(entry.text, at)) found.add(entry.concept);
  }
}

// How many words the longest term at this place takes; none when the word is not known.
function readAt(list: readonly string[], at: number, found: Set<Concept>): number {
  const word = list[at] as string;
  const pattern = patternAt(list, at);
  if (pattern > 0) {
    if (pattern === EXPIRY_PARTS) found.add("month").add("year");
    return pattern;
  }
  let longest = 0;
  let hits: Concept[] = [];
  for (const term of termsFrom(word)) {
    const length = term.rest.length + 1;
    if (length < longest || !continues(term, list, at)) continue;
    if (length > longest) hits = [];
    longest = length;
    hits.push(term.concept);
  }
  if (longest < 2) for (const concept of stemsOf(word)) hits.push(concept);
  if (longest === 0 && hits.length > 0) for (const concept of compoundedWith(word)) hits.push(concept);
  if (hits.length === 0 && word.length >= 5) for (const concept of gluedConcepts(word)) hits.push(concept);
  for (const concept of hits) found.add(concept);
  return hits.length > 0 ? Math.max(1, longest) : /^\d/.test(word) ? 1 : 0;
}

const EXPIRY_PARTS = 2;
const PART = /^(?!cc$)(\p{L})\1(?:\1\1)?$/u;

// "MM JJ", "kk vv", "mm aaaa" in whatever language: two parts that repeat a letter; three ("dd mm yyyy") are any date.
function patternAt(list: readonly string[], at: number): number {
  let parts = 0;
  while (at + parts < list.length && PART.test(list[at + parts] as string) && list[at + parts] !== list[at + parts - 1]) parts += 1;
  return parts === EXPIRY_PARTS || parts === EXPIRY_PARTS + 1 ? parts : 0;
}

function continues(term: Term, list: readonly string[], at: number): boolean {
  for (let i = 0; i < term.rest.length; i++) {
    const want = term.rest[i] as string;
    const have = list[at + i + 1];
    if (have === undefined) return false;
    if (have === want) continue;
    if (!(term.open && i === term.rest.length - 1 && have.startsWith(want))) return false;
  }
  return true;
}

// Takes the signs it understands out of the text and leaves the rest, so that "cvv" beside them is still read.
function readUnspaced(words: string, found: Set<Concept>): { rest: string; unread: number } {
  const text = words.replace(/ /g, "");
  let rest = "";
  let unread = 0;
  for (let at = 0; at < text.length; ) {
    let longest = "";
    let hits: Concept[] = [];
    for (const entry of signsFrom(text[at] as string)) {
      if (entry.text.length < longest.length || !text.startsWith(entry.text, at)) continue;
      if (entry.text.length === 1 && text.length > 1 && !ANYWHERE.has(entry.concept) && !standsAlone(words, entry.text)) continue;
      if (entry.text.length > longest.length) hits = [];
      longest = entry.text;
      hits.push(entry.concept);
    }
    for (const concept of hits) found.add(concept);
    if (!longest && isUnspaced(text[at] as string)) unread += 1;
    else if (!longest) rest += text[at];
    at += Math.max(1, longest.length);
  }
  return { rest: rest ? ` ${words.replace(/[^\x00-\x7f]+/g, " ")} `.trim() : "", unread };
}

function standsAlone(words: string, sign: string): boolean {
  return ` ${words} `.includes(` ${sign} `);
}
