/** Sealed credentials came: open, fill, forget. And whether an approval may be used once more after a fill that wrote nothing. */
import type { Device } from "../keys/device";
import { decisionDigest } from "../protocol/decision";
import { type Decision, OUTCOMES, type Outcome, type Sealed } from "../protocol/messages";
import { unseal } from "../protocol/sealing";
import { fillIn } from "./fill";
import type { FrameSite } from "./hosted";
import { FIRST_LOOK_MS, findForm } from "./page";
import { approvalFirst, hasForm, type Release, type Target } from "./release";
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

// How long the card waits, sealed, for a form that the agent is still on its way to: less than the broker gives a fill (30 s).
const FORM_WAIT_MS = 25_000;

/** The form to fill at a retry, or where there was none at the approval: on the approved origin, at the amount that was approved; an outcome when there is none. */
export async function targetAgain(release: Release, decision: Decision): Promise<Target | Outcome> {
  const tabs = await candidateTabs(decision.seen.origin);
  const tab = tabs.find(({ tabId }) => tabId === release.target?.tabId) ?? (tabs.length === 1 ? tabs[0] : undefined);
  if (!tab) return tabs.length === 0 ? "no_tab" : "ambiguous_tab";
  const standsFor = decision.expiresAt - release.clockOffset - Date.now();
  const awaited = release.approved !== null && !hasForm(release.approved);
  const target = await findForm(tab.tabId, decision.currency, awaited ? Math.min(standsFor, FORM_WAIT_MS) : FIRST_LOOK_MS);
  if (!target) return "no_form";
  if (unchanged(decision, target, release.approved)) return target;
  return target.origin === decision.seen.origin ? "page_changed" : "origin_changed";
}

/**
 * Whether what the browser sees at `target` is what was approved on `approved`. Frames of another site get no more than was shown;
 * where no form was there to be shown, a processor that the registry knows may show its fields.
 */
export function unchanged({ seen }: Decision, target: Target, approved: Target | null): boolean {
  const awaited = approved !== null && !hasForm(approved);
  const asShown = ({ origin, kinds }: FrameSite) => {
    const before = approved?.sites.find((site) => site.origin === origin);
    return seen.frameOrigins.includes(origin) && before !== undefined && kinds.every((kind) => before.kinds.includes(kind));
  };
  return (
    target.origin === seen.origin &&
    target.pageAmount === seen.pageAmount &&
    target.sites.every((site) => asShown(site) || (awaited && site.processor !== null))
  );
}
