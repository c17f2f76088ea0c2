/** The last releases, for the popup: what a statement would show, and nothing of the card but its last four. */
import type { Outcome } from "../protocol/messages";
import { meaningOf } from "./meaning";
import type { Release } from "./release";

export interface Entry {
  releaseId: string;
  agentId: string;
  agentName: string;
  origin: string | null;
  amount: number | null;
  currency: string;
  last4: string;
  outcome: Outcome;
  fields: string[];
  failed: string[];
  /** The standing rule that decided, in words; null when a person did. */
  rule: string | null;
  at: number;
}

const KEY = "history";
const LENGTH = 20;

export async function readHistory(): Promise<Entry[]> {
  const stored = await chrome.storage.local.get<{ history?: Entry[] }>(KEY);
  return stored.history ?? [];
}

/** Where a payment of `history` was done. */
export function paidAt(history: Entry[]): string[] {
  return history.flatMap(({ origin, outcome }) => (origin !== null && meaningOf(outcome) === "done" ? [origin] : []));
}

/** Put `entry` first; a later word about the same release replaces the earlier one. */
export async function remember(entry: Entry): Promise<Entry[]> {
  const others = (await readHistory()).filter(({ releaseId }) => releaseId !== entry.releaseId);
  const history = [entry, ...others].slice(0, LENGTH);
  await chrome.storage.local.set({ [KEY]: history });
  return history;
}

/** `release`, which ended with `outcome` now. */
export function entryOf(release: Release, outcome: Outcome): Entry {
  const { facts, target, decision } = release;
  return {
    releaseId: release.id,
    agentId: facts.agentId,
    agentName: facts.agentName,
    origin: target?.origin ?? release.claimed.origin,
    amount: decision?.maxAmount ?? target?.pageAmount ?? facts.expectedAmount,
    currency: facts.expectedCurrency,
    last4: facts.last4,
    outcome,
    fields: release.fields,
    failed: release.failed,
    rule: release.rule,
    at: Date.now(),
  };
}
