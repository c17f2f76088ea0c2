/** One release as the worker keeps it: in memory and in `storage.session`, never with a card's details. */
import type { FieldKind } from "../forms/fields";
import type { Claimed, Decision, Facts, Outcome } from "../protocol/messages";

/** Where the card details would go. All but `fields` and `pageAmount` comes from the browser, not from the page. */
export interface Target {
  tabId: number;
  documentId: string;
  origin: string;
  frameOrigins: string[];
  /** Name of the look that the page's isolated world remembers. */
  look: string;
  fields: FieldKind[];
  pageAmount: number | null;
}

/** An open tab that the person may pick. */
export interface TabChoice {
  tabId: number;
  title: string;
  origin: string;
}

/**
 * looking → choosing (several tabs) → waiting (for the person) → asserting (passkey) → approved → filling → finished.
 * Only `waiting` can be approved, only `approved` can be filled: a second click or message finds another state.
 */
export type State = "looking" | "choosing" | "waiting" | "asserting" | "approved" | "filling" | "finished";

export interface Release {
  id: string;
  state: State;
  facts: Facts;
  factsHash: string;
  /** As sent: part of what is signed. `shown` holds the harmless form of its words. */
  claimed: Claimed;
  pageUrl: string | null;
  /** Unix ms on this machine's clock. */
  deadline: number;
  /** LedgerOS's clock less this machine's, in ms. */
  clockOffset: number;
  target: Target | null;
  choices: TabChoice[];
  /** Counts what changed on screen: an approval names the revision it saw. */
  revision: number;
  decision: Decision | null;
  outcome: Outcome | null;
  fields: string[];
  failed: string[];
  /** Whether `shown` was sent. */
  shown: boolean;
}

/** Releases survive a restart of the worker, not of the browser. */
const KEY = "releases";

export async function loadReleases(): Promise<Release[]> {
  const stored = await chrome.storage.session.get<{ releases?: Release[] }>(KEY);
  return stored.releases ?? [];
}

export async function saveReleases(releases: Release[]): Promise<void> {
  await chrome.storage.session.set({ [KEY]: releases });
}
