/**
 * Compiles forms/languages/*.json into forms/engine/terms.generated.ts: normalised once here, so that a page
 * never waits for it. `node scripts/languages.mjs` writes, `--check` fails when the file is not current.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isUnspaced, normalise } from "../forms/engine/text.ts";

const folder = new URL("../forms/languages/", import.meta.url);
const target = new URL("../forms/engine/terms.generated.ts", import.meta.url);
const STEM = 3;
/** "numerodetarjeta": a name in lower case has no seams; shorter ones would be found in other words. */
const SHORTEST_JOINED = 6;

const languages = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
const concepts = [...new Set(languages.flatMap((language) => Object.keys(language.terms)))].sort();
const words = {};
const stems = {};
const signs = {};

function add(map, key, entry) {
  map[key] ??= new Set();
  map[key].add(entry);
}

function addTerm(concept, written) {
  const term = normalise(written);
  const letter = String.fromCharCode(65 + concepts.indexOf(concept));
  if (!term) return;
  if (isUnspaced(term)) return add(signs, [...term][0], letter + term.replace(/ /g, ""));
  const [first, ...rest] = term.split(" ");
  const open = written.endsWith("*");
  add(words, first, `${letter}${open && rest.length > 0 ? "*" : ""}${rest.join(" ")}`);
  const joined = term.replace(/ /g, "");
  if (rest.length > 0 && joined.length >= SHORTEST_JOINED && concept !== "filler") add(words, joined, letter);
  if (open && joined.length >= (rest.length > 0 ? SHORTEST_JOINED : STEM)) add(stems, joined.slice(0, STEM), letter + joined);
}

for (const language of languages) {
  // "Credit card" alone is a number only where nothing else is said; the rules know that.
  const cards = new Set(language.terms.card ?? []);
  for (const [concept, terms] of Object.entries(language.terms)) {
    for (const term of terms) if (!(concept === "cardNumber" && cards.has(term))) addTerm(concept, term);
  }
}

const packed = (map) => JSON.stringify(Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entries]) => [key, [...entries].join("|")])));
const text = `// Made from forms/languages by scripts/languages.mjs; edit those files, not this one.

/** The languages read: code and name. */
export const LANGUAGES: readonly (readonly [code: string, name: string])[] = ${JSON.stringify(languages.map(({ code, name }) => [code, name]))};

/** The concepts, in the order of the letters (from A) that stand for them below. */
export const CONCEPTS = ${JSON.stringify(concepts)} as const;

/** First word to terms, each a letter, "*" when the last word may go on, and the words after the first. */
export const WORDS = ${JSON.stringify(packed(words))};

/** First letters to words that may go on. */
export const STEMS = ${JSON.stringify(packed(stems))};

/** First sign to terms of scripts without spaces. */
export const SIGNS = ${JSON.stringify(packed(signs))};
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("forms/engine/terms.generated.ts is not current: run npm run languages");
    process.exit(1);
  }
} else writeFileSync(fileURLToPath(target), text);
