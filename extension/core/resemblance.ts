/**
 * Plain names that a person takes for one they know: `arnazon.com`, `paypa1.com`. Compared are the labels of registrable domains,
 * folded, with names that the person knows; a name that is itself known is never one. International names: `lookalike.ts`.
 */
import { getDomain, getDomainWithoutSuffix } from "tldts";

const PRIVATE = { allowPrivateDomains: true };

/** What is drawn alike: first single letters and digits, then pairs of what they became. */
const ALIKE: [RegExp, string][] = [
  [/0/g, "o"],
  [/[1i|]/g, "l"],
  [/2/g, "z"],
  [/5/g, "s"],
  [/8/g, "b"],
  [/[9q]/g, "g"],
  [/rn/g, "m"],
  [/vv/g, "w"],
  [/cl/g, "d"],
];
// Shorter words are drawn like too many names.
const SHORTEST_WORD = 4;
const SHORTEST_LABEL = 3;

/** Whom the person knows: sites they approved or paid at, and what the agent calls the merchant. */
export interface Known {
  origins: readonly string[];
  merchant: string | null;
}

/** The known name that the site of `origin` can be taken for, as a person writes it, or null. */
export function resembles(origin: string, { origins, merchant }: Known): string | null {
  const here = siteOf(origin);
  const sites = origins.map(siteOf).filter((site) => site !== null);
  if (!here || sites.some(({ domain }) => domain === here.domain)) return null;
  const alike = (label: string, other: string) => label !== other && skeleton(label) === skeleton(other);
  const site = sites.find(({ label }) => alike(label, here.label));
  // A shop's own name is written with and without hyphens.
  return site?.domain ?? wordsOf(merchant ?? "").find((word) => alike(word.toLowerCase(), here.label.replaceAll("-", ""))) ?? null;
}

/** `label` as it looks at a glance: names that look alike have one skeleton. */
export function skeleton(label: string): string {
  return ALIKE.reduce((folded, [drawn, as]) => folded.replace(drawn, as), label.toLowerCase().replaceAll("-", ""));
}

function siteOf(origin: string): { domain: string; label: string } | null {
  const domain = getDomain(origin, PRIVATE);
  const label = getDomainWithoutSuffix(origin, PRIVATE);
  return domain && label && label.length >= SHORTEST_LABEL && !label.startsWith("xn--") ? { domain, label } : null;
}

/** Each word of the merchant's name, and all of them as one: “Paper & Pine” is found at `paperpine.com`. */
function wordsOf(merchant: string): string[] {
  const words = merchant.normalize("NFKD").replace(/\p{M}/gu, "").match(/[A-Za-z0-9]+/g) ?? [];
  return [...words, words.join("")].filter((word) => word.length >= SHORTEST_WORD);
}
