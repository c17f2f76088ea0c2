/** Sealed credentials came: open, fill, forget. And whether an approval may be used once more after a fill that wrote nothing. */
import type { Device } from "../keys/device";
import { decisionDigest } from "../protocol/decision";
import { type Decision, OUTCOMES, type Outcome, type Sealed } from "../protocol/messages";
import { unseal } from "../protocol/sealing";
import { fillIn, findForm } from "./page";
import { approvalFirst, type Release, type Target } from "./release";
import { candidateTabs } from "./tabs";

export interface Settled {
  outcome: Outcome;
  fields: string[];
  failed: string[];
  /** What the outcome alone does not say. */
  detail?: string;
}

const nothing = (outcome: Outcome): Settled => ({ outcome, fields: [], failed: [] });

/** Fill the target of `release` under its decision. An error's text could hold the card's details, so there is none. */
export async function settle(release: Release, sealed: Sealed, device: Device): Promise<Settled> {
  const { decision, target, facts } = release;
  if (!decision || !target) return nothing("internal_error");
  try {
    const digest = await decisionDigest(decision);
    const filled = await fillIn(target, unseal(sealed, device.sealingPair, digest, facts.cardId));
    if (filled.kind !== "filled") return nothing(filled.kind);
    return { outcome: filled.failed.length === 0 ? "filled" : "field_rejected", fields: filled.fields, failed: filled.failed };
  } catch {
    return nothing("internal_error");
  }
}

// One decision may spend three tokens (broker/protocol/outcomes.py, MOST_REDEEMS).
const MOST_RETRIES = 2;

/** Whether the same decision may be used again: nothing reached a page, and it still stands at `now` (LedgerOS's clock). */
export function retryable(release: Release, now: number): boolean {
  const { outcome, decision } = release;
  if (!outcome || !decision || !approvalFirst(release) || OUTCOMES[outcome].retry !== "same decision") return false;
  return release.retries < MOST_RETRIES && now < decision.expiresAt;
}

/** The form to fill at a retry: on the approved origin, at the amount that was approved; an outcome when there is none. */
export async function targetAgain(release: Release, decision: Decision): Promise<Target | Outcome> {
  const tabs = await candidateTabs(decision.seen.origin);
  const tab = tabs.find(({ tabId }) => tabId === release.target?.tabId) ?? (tabs.length === 1 ? tabs[0] : undefined);
  if (!tab) return tabs.length === 0 ? "no_tab" : "ambiguous_tab";
  const target = await findForm(tab.tabId, decision.currency);
  if (!target) return "no_form";
  return unchanged(decision, target) ? target : target.origin === decision.seen.origin ? "page_changed" : "origin_changed";
}

/** Whether what the browser sees at `target` is what was approved. */
export function unchanged({ seen }: Decision, target: Target): boolean {
  return (
    target.origin === seen.origin &&
    target.pageAmount === seen.pageAmount &&
    target.frameOrigins.every((origin) => seen.frameOrigins.includes(origin))
  );
}
