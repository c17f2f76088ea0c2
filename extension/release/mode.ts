/** Direct or surrogate: what is possible on this page, what a shop was paid with before, and what the person must pick. Pure but for the memory. */
import type { Coverage, Decision, GrantState, Outcome } from "../protocol/messages";
import type { Release } from "./release";

export type Mode = Decision["mode"];

/** What is known about paying on one page without showing it the number. */
export interface Cover {
  /** The egress's answer; `no_egress`: LedgerOS knows none of this broker; `key_unknown`: it does not know this one's key. */
  verdict: Coverage["verdict"] | "no_egress" | "key_unknown";
  /** The key to seal to, where a swap is possible. */
  keyId: string | null;
  /** How this shop was paid last. */
  before: Mode | null;
  /** Another program debugs the tab. */
  debugged: boolean;
  /** The person chose the mode for this request. */
  picked: boolean;
}

/** What `coverage` (null: no answer) means, given the egress keys in LedgerOS's signed facts. */
export function coverOf(coverage: Coverage | null, egressKeys: readonly string[]): Pick<Cover, "verdict" | "keyId"> {
  if (egressKeys.length === 0) return { verdict: "no_egress", keyId: null };
  if (!coverage) return { verdict: "egress_unavailable", keyId: null };
  if (coverage.verdict !== "covered") return { verdict: coverage.verdict, keyId: null };
  const keyId = coverage.keyId ?? null;
  return keyId !== null && egressKeys.includes(keyId) ? { verdict: "covered", keyId } : { verdict: "key_unknown", keyId: null };
}

/** The mode to begin with: what this shop was paid with before, else surrogate; direct where nothing else is possible. */
export function firstMode({ keyId, before }: Cover): Mode {
  return keyId === null ? "direct" : (before ?? "surrogate");
}

// An egress is enrolled and cannot be used: whether this page could have been paid without seeing the number is not known.
const ABSENT: readonly Cover["verdict"][] = ["egress_unavailable", "key_unknown"];

/** Whether the page would see a number that it did not see before, or perhaps need not see: never without the person's word. */
export function mustPick({ cover }: Pick<Release, "cover">): boolean {
  if (cover === null || cover.keyId !== null || cover.picked) return false;
  return cover.before === "surrogate" || (cover.before === null && ABSENT.includes(cover.verdict));
}

/**
 * The rules that may decide in the person's place here. Where the page starts by seeing the number and need not, one that allows
 * both ways decides nothing: a person looks first.
 */
export function rulesFor({ mode, cover, facts }: Pick<Release, "mode" | "cover" | "facts">): GrantState[] {
  const rules = facts.grants ?? [];
  return mode === "direct" && cover?.keyId ? rules.filter(({ grant }) => !grant.modes.includes("surrogate")) : rules;
}

/** The key that the card is sealed to: the egress's in surrogate mode, else this browser's `own`. */
export function recipientOf({ mode, cover }: Pick<Release, "mode" | "cover">, own: string): string {
  return mode === "surrogate" && cover?.keyId ? cover.keyId : own;
}

const KEY = "modes";
const MOST_SHOPS = 500;

/** How `origin` was paid last, or null. */
export async function modeBefore(origin: string): Promise<Mode | null> {
  const stored = await chrome.storage.local.get<{ modes?: Record<string, Mode> }>(KEY);
  const modes = stored.modes ?? {};
  return Object.hasOwn(modes, origin) ? (modes[origin] ?? null) : null;
}

const WORKED: Partial<Record<Outcome, Mode>> = { filled: "direct", submitted: "surrogate", challenge_required: "surrogate" };

/** Whether the person chose to show the number this time, for want of another way: that says nothing about the next time. */
function thisTimeOnly({ cover }: Pick<Release, "cover">): boolean {
  return cover !== null && cover.picked && cover.keyId === null;
}

/** Remember how a release was paid, if it was. The shop paid longest ago is forgotten first. */
export async function rememberMode(release: Release, outcome: Outcome): Promise<void> {
  const { decision } = release;
  const mode = WORKED[outcome];
  if (!decision || mode !== decision.mode || thisTimeOnly(release)) return;
  const stored = await chrome.storage.local.get<{ modes?: Record<string, Mode> }>(KEY);
  const others = Object.entries(stored.modes ?? {}).filter(([origin]) => origin !== decision.seen.origin);
  await chrome.storage.local.set({ [KEY]: Object.fromEntries([...others, [decision.seen.origin, mode]].slice(-MOST_SHOPS)) });
}
