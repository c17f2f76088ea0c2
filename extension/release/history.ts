/** The last releases, for the popup: what a statement would show, and nothing of the card but its last four. */
import type { Outcome } from "../protocol/messages";

export interface Entry {
  releaseId: string;
  agentName: string;
  origin: string | null;
  amount: number | null;
  currency: string;
  last4: string;
  outcome: Outcome;
  fields: string[];
  failed: string[];
  at: number;
}

const KEY = "history";
const LENGTH = 20;

export async function readHistory(): Promise<Entry[]> {
  const stored = await chrome.storage.local.get<{ history?: Entry[] }>(KEY);
  return stored.history ?? [];
}

/** Put `entry` first; a later word about the same release replaces the earlier one. */
export async function remember(entry: Entry): Promise<Entry[]> {
  const others = (await readHistory()).filter(({ releaseId }) => releaseId !== entry.releaseId);
  const history = [entry, ...others].slice(0, LENGTH);
  await chrome.storage.local.set({ [KEY]: history });
  return history;
}
