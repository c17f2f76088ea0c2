/**
 * The words of all languages, as `scripts/languages.mjs` packed them.
 */

import { CONCEPTS, SIGNS, STEMS, WORDS } from "./terms.generated";

/** What a term can stand for; the keys of `terms` in a language file. */
export type Concept = (typeof CONCEPTS)[number];

/** A word, or several, and what it stands for. */
export interface Term {
  readonly concept: Concept;
  /** The words after the first. */
  readonly rest: readonly string[];
  /** The last word may go on. */
  readonly open: boolean;
}

/** A shorter word that is not known qualifies nothing: an article, a pronoun. */
export const WEIGHTY = 4;
const STEM = 3;

type Packed = Readonly<Record<string, string | undefined>>;

/** The beginning of a word, and what it stands for. */
export interface Start {
  readonly concept: Concept;
  readonly text: string;
}

// Parsed when first needed: a page without controls never pays for it.
let tables: { readonly words: Packed; readonly stems: Packed; readonly signs: Packed } | null = null;
const termsOf = new Map<string, readonly Term[]>();
const startsOf = new Map<string, readonly Start[]>();
const NO_TERMS: readonly Term[] = [];

function packed(): NonNullable<typeof tables> {
  tables ??= { words: JSON.parse(WORDS) as Packed, stems: JSON.parse(STEMS) as Packed, signs: JSON.parse(SIGNS) as Packed };
  return tables;
}

/** The terms that begin with a word. */
export function termsFrom(word: string): readonly Term[] {
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

/** The terms of scripts without spaces that begin with a sign. */
export function signsFrom(sign: string): readonly Start[] {
  return startsFrom(packed().signs, sign);
}

/** What the longest of the terms that may go on says of a word. */
export function stemsOf(word: string): Concept[] {
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

/** What a word says alone. */
export function wholeWord(word: string): Concept[] {
  return (termsFrom(word)).filter((term) => term.rest.length === 0).map((term) => term.concept);
}
