/**
 * The lexicon: which concepts a piece of text names, in all languages at once.
 *
 * Pages mix languages (a Spanish label over an English name), and `lang` is often wrong, so no language is
 * chosen. Terms come from `languages/*.json`; a term that ends in `*` may go on ("kart*"), scripts without
 * spaces match anywhere, and the longest term wins and takes its words.
 */

import { CONCEPTS, SIGNS, STEMS, WORDS } from "./terms.generated";
import { isUnspaced } from "./text";

/** What a term can stand for; the keys of `terms` in a language file. */
export type Concept = (typeof CONCEPTS)[number];

/** The concepts a text names, and how many words it has. */
export interface Meaning {
  readonly concepts: ReadonlySet<Concept>;
  readonly length: number;
  /** Some word of weight is in no language's list: "Alpine club card number". */
  readonly strange: boolean;
}

interface Term {
  readonly concept: Concept;
  /** The words after the first. */
  readonly rest: readonly string[];
  /** The last word may go on. */
  readonly open: boolean;
}

// Single signs that mean something inside a longer word; all others must stand alone.
const ANYWHERE: ReadonlySet<Concept> = new Set(["card", "month", "year"]);
const STEM = 3;
const EMPTY: Meaning = { concepts: new Set(), length: 0, strange: false };
/** A shorter word that is not known qualifies nothing: an article, a pronoun. */
const WEIGHTY = 4;
const WEIGHTY_SIGNS = 2;
const FILLERS = /^(?:inp|input|txt|text|tb|fld|field|frm|form|my|new|the|user|pay|payment|billing|ddl|sel|select|lbl|str|cc|edit|add|checkout|order|customer|i|f|c)$/;

type Packed = Readonly<Record<string, string | undefined>>;

interface Start {
  readonly concept: Concept;
  readonly text: string;
}

// Parsed when first needed: a page without controls never pays for it.
let tables: { readonly words: Packed; readonly stems: Packed; readonly signs: Packed } | null = null;
const termsOf = new Map<string, readonly Term[]>();
const startsOf = new Map<string, readonly Start[]>();
const known = new Map<string, Meaning>();
const knownWords = new Map<string, ReadonlySet<Concept>>();
const NO_TERMS: readonly Term[] = [];

function packed(): NonNullable<typeof tables> {
  tables ??= { words: JSON.parse(WORDS) as Packed, stems: JSON.parse(STEMS) as Packed, signs: JSON.parse(SIGNS) as Packed };
  return tables;
}

function termsFrom(word: string): readonly Term[] {
  const cached = termsOf.get(word);
  if (cached) return cached;
  const entries = Object.hasOwn(packed().words, word) ? packed().words[word] : undefined;
  const terms = entries ? entries.split("|").map(term) : NO_TERMS;
  if (entries) termsOf.set(word, terms);
  return terms;
}

function term(entry: string): Term {
  const open = entry[1] === "*";
  const rest = entry.slice(open ? 2 : 1);
  return { concept: conceptAt(entry), rest: rest ? rest.split(" ") : [], open };
}

function startsFrom(map: Packed, key: string): readonly Start[] {
  const cached = startsOf.get(key);
  if (cached) return cached;
  const entries = Object.hasOwn(map, key) ? map[key] : undefined;
  const starts = entries ? entries.split("|").map((entry) => ({ concept: conceptAt(entry), text: entry.slice(1) })) : [];
  if (entries) startsOf.set(key, starts);
  return starts;
}

function conceptAt(entry: string): Concept {
  return CONCEPTS[entry.charCodeAt(0) - 65] as Concept;
}

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
  if (known.size > 4000) known.clear();
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
    for (const entry of startsFrom(packed().signs, text[at] as string)) if (QUALIFIERS.includes(entry.concept) && text.startsWith(entry.text, at)) found.add(entry.concept);
  }
}

// How many words the longest term at this place takes; none when the word is not known.
function readAt(list: readonly string[], at: number, found: Set<Concept>): number {
  const word = list[at] as string;
  const pattern = patternAt(list, at);
  if (pattern > 0) {
    if (pattern === EXPIRY_PARTS) found.add("month").add("year");
    else found.add("date");
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

// "MM JJ", "kk vv", "mm aaaa" in whatever language: two parts that repeat a letter; three ("dd mm yyyy") are a date with its day.
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

function stemsOf(word: string): Concept[] {
  const found: Concept[] = [];
  let longest = 0;
  for (const entry of startsFrom(packed().stems, word.slice(0, STEM))) {
    if (!word.startsWith(entry.text) || entry.text.length < longest) continue;
    if (entry.text.length > longest) found.length = 0;
    longest = entry.text.length;
    found.push(entry.concept);
  }
  return found;
}

const LINKS = ["", "s", "n", "en", "es"];
const SHORTEST_PART = 3;

// "debitkarten-nummer", "utlops-maned": what a compound's stem leaves of the word may be a word again.
function compoundedWith(word: string): readonly Concept[] {
  const rest = word.slice(longestStem(word));
  if (rest.length < SHORTEST_PART && !YEAR_PARTS.has(rest)) return [];
  for (const link of LINKS) {
    const part = rest.startsWith(link) ? rest.slice(link.length) : "";
    if (part.length < SHORTEST_PART && !YEAR_PARTS.has(part)) continue;
    const concepts = [...wholeWord(part), ...stemsOf(part)].filter((concept) => COMPOUNDED.has(concept));
    if (concepts.length > 0) return concepts;
  }
  return [];
}

const COMPOUNDED: ReadonlySet<Concept> = new Set(["number", "cardNumber", "month", "year", "date", "code", "digits", "securityCode", "holder", "name", "type", "cardType"]);

// The one short word that closes compounds: "utgangs-ar".
const YEAR_PARTS: ReadonlySet<string> = new Set(["ar", "ev"]);

function longestStem(word: string): number {
  let longest = 0;
  for (const { text } of startsFrom(packed().stems, word.slice(0, STEM))) if (word.startsWith(text)) longest = Math.max(longest, text.length);
  return longest;
}

// "numerotarjeta", "inpcvv": an identifier whose words were glued together.
function gluedConcepts(word: string): ReadonlySet<Concept> {
  const cached = knownWords.get(word);
  if (cached) return cached;
  const found = new Set<Concept>();
  for (let cut = word.length - 2; cut >= 1 && found.size === 0; cut--) {
    const left = word.slice(0, cut);
    const right = word.slice(cut);
    const first = wholeWord(left);
    const second = wholeWord(right);
    if (isContent(first, left) && isContent(second, right) && left.length >= 2) for (const concept of [...first, ...second]) found.add(concept);
    else if (second.length && right.length >= 3 && FILLERS.test(left)) for (const concept of second) found.add(concept);
    else if (first.length && left.length >= 3 && FILLERS.test(right)) for (const concept of first) found.add(concept);
  }
  knownWords.set(word, found);
  return found;
}

// "Su" and "de" are words somewhere, and the beginning of many others everywhere.
function isContent(concepts: readonly Concept[], word: string): boolean {
  return word.length >= WEIGHTY ? concepts.length > 0 : concepts.some((concept) => concept !== "filler");
}

function wholeWord(word: string): Concept[] {
  return (termsFrom(word)).filter((term) => term.rest.length === 0).map((term) => term.concept);
}

// Takes the signs it understands out of the text and leaves the rest, so that "cvv" beside them is still read.
function readUnspaced(words: string, found: Set<Concept>): { rest: string; unread: number } {
  const text = words.replace(/ /g, "");
  let rest = "";
  let unread = 0;
  for (let at = 0; at < text.length; ) {
    let longest = "";
    let hits: Concept[] = [];
    for (const entry of startsFrom(packed().signs, text[at] as string)) {
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
