/** One release as the worker keeps it: in memory and in `storage.session`, never with a card's details. */
import type { Own } from "../forms/checkout";
import type { FieldKind } from "../forms/fields";
import type { Claimed, Decision, Facts, Outcome } from "../protocol/messages";
import type { Restricting } from "../rules/regret";
import type { FrameSite, Hosted } from "./hosted";
import type { Cover, Mode } from "./mode";

/** Where the card details would go. Documents and origins come from the browser; fields and `pageAmount` are what the page says. */
export interface Target {
  tabId: number;
  documentId: string;
  origin: string;
  /** Origins of frames that hold card fields: those of `sites`. */
  frameOrigins: string[];
  sites: FrameSite[];
  /** Frames of other sites that are filled. */
  hosted: Hosted[];
  /** Name of the look that each document's isolated world remembers. */
  look: string;
  /** What the top document itself takes. */
  own: Own;
  /** Empty where there is no card form yet. */
  fields: FieldKind[];
  pageAmount: number | null;
}

/** Whether there is a card form, or only a checkout on its way to one. */
export function hasForm({ fields }: Pick<Target, "fields">): boolean {
  return fields.includes("number");
}

/** An open tab that the person may pick. */
export interface TabChoice {
  tabId: number;
  title: string;
  origin: string;
  /** Tells tabs of one site with one title apart. */
  path: string;
}

/**
 * looking → choosing (several tabs) → waiting (for the person) → asserting (passkey) → approved → filling → finished;
 * in surrogate mode the page pays in between: filling → paying → finished.
 * Only `waiting` can be approved, only `approved` can be filled: a second click or message finds another state.
 */
export type State = "looking" | "choosing" | "waiting" | "asserting" | "approved" | "filling" | "paying" | "finished";

/** A card frozen or an agent paused with a denial. */
export interface Regretted {
  kind: Restricting;
  label: string;
  state: "doing" | "done" | "failed";
  error: string | null;
}

export interface Release {
  id: string;
  state: State;
  facts: Facts;
  factsHash: string;
  /** As sent: part of what is signed. `shown` holds the harmless form of its words. */
  claimed: Claimed;
  pageUrl: string | null;
  /** Unix ms on this machine's clock, as is `deadline`. */
  offeredAt: number;
  deadline: number;
  /** LedgerOS's clock less this machine's, in ms. */
  clockOffset: number;
  target: Target | null;
  choices: TabChoice[];
  /** How it will be paid, as far as it was not decided. */
  mode: Mode;
  /** Whether the page can be paid without seeing the number; null before it was asked. */
  cover: Cover | null;
  /** Counts what changed on screen: an approval names the revision it saw. */
  revision: number;
  decision: Decision | null;
  /** What the person or the rule decided on: at a retry `target` is another one. */
  approved: Target | null;
  outcome: Outcome | null;
  /** What the outcome alone does not say, in a sentence. */
  detail: string | null;
  fields: string[];
  failed: string[];
  /** Whether `shown` was sent. */
  shown: boolean;
  /** The standing rule that decided in the person's place, in words. */
  rule: string | null;
  /** What else was asked for with a denial, and what became of it. */
  regret: Regretted | null;
  /** How often the decision was used again after a fill that wrote nothing. */
  retries: number;
  /** Unix ms when it was over. */
  endedAt: number | null;
}

/** Whether this release was asked on an intent: the agent fetches the token after the approval. */
export function approvalFirst({ facts }: Pick<Release, "facts">): boolean {
  return facts.tokenHash === null;
}

// One key for each release: a step of one writes that one, however many are kept beside it.
const PREFIX = "release:";

/** Releases survive a restart of the worker, not of the browser. Oldest first. */
export async function loadReleases(): Promise<Release[]> {
  const stored = await chrome.storage.session.get<Record<string, Release>>(null);
  const releases = Object.entries(stored).flatMap(([key, release]) => (key.startsWith(PREFIX) ? [release] : []));
  return releases.sort((one, other) => one.offeredAt - other.offeredAt);
}

export async function saveRelease(release: Release): Promise<void> {
  await chrome.storage.session.set({ [PREFIX + release.id]: release });
}

export async function forgetRelease(id: string): Promise<void> {
  await chrome.storage.session.remove(PREFIX + id);
}
