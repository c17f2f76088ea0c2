/**
 * Host names that a person takes for another one (Unicode TS 39 in spirit): letters of other alphabets that look like Latin
 * ones, and labels that mix alphabets. Plain international names in one alphabet, and accents, are none.
 */

/** Letters that most fonts draw like a Latin one. */
const TWINS: Record<string, string> = {
  // Cyrillic
  а: "a", с: "c", ԁ: "d", е: "e", һ: "h", і: "i", ј: "j", к: "k", ӏ: "l", м: "m", п: "n", о: "o", р: "p", ԛ: "q", ѕ: "s", т: "t", ѵ: "v", ԝ: "w",
  х: "x", у: "y", г: "r", ь: "b",
  // Greek
  α: "a", ε: "e", η: "n", ι: "i", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t", υ: "u", χ: "x", ω: "w", γ: "y",
  // Armenian, Latin of the phonetic alphabet
  օ: "o", ս: "u", հ: "h", ո: "n", ց: "g", ı: "i", ɑ: "a", ɡ: "g", ɩ: "i", ʟ: "l",
};

const ALPHABETS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u];

/** The Latin spelling that `host` (in Unicode) can be taken for, or null. */
export function looksLike(host: string): string | null {
  const latin = [...host].map((letter) => TWINS[letter] ?? letter).join("");
  return latin !== host && /^[\x21-\x7e]+$/.test(latin) ? latin : null;
}

/** Whether one label of `host` (in Unicode) mixes alphabets that look alike. */
export function mixesAlphabets(host: string): boolean {
  return host.split(".").some((label) => ALPHABETS.filter((alphabet) => alphabet.test(label)).length > 1);
}
