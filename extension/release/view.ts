/** What the popup shows of a release: only verified facts, what the browser sees, and the agent's words made harmless. Pure. */
import { formatMoney } from "../core/money";
import { type ShownOrigin, shownOrigin } from "../core/origin";
import { resembles } from "../core/resemblance";
import { plainText } from "../core/text";
import type { Outcome } from "../protocol/messages";
import { standsUntil } from "./book";
import { amountOf, mismatchesOf, passkeyNeeded, reasonOf } from "./decide";
import { type FrameSite, unknownSite } from "./hosted";
import type { Meaning } from "./meaning";
import { modeView, type ModeView } from "./mode_view";
import { approvalFirst, hasForm, type Regretted, type Release, type State, type TabChoice } from "./release";

export interface Row {
  claimed: string;
  seen: string;
  meaning: Meaning;
  word: string;
  /** Origins are shown in monospace. */
  mono: boolean;
}

export interface RequestView {
  id: string;
  revision: number;
  state: State;
  agentName: string;
  organisationName: string;
  userName: string;
  deadline: number;
  card: string;
  cardLimit: string | null;
  amount: string | null;
  upTo: boolean;
  later: Later | null;
  origin: ShownOrigin | null;
  /** A name the person knows that this site can be taken for. */
  resembles: string | null;
  /** Sites whose frames hold card fields. */
  sites: FrameSite[];
  /** No card form is there yet: it is waited for after the approval. */
  awaited: boolean;
  rows: Row[];
  mismatch: boolean;
  passkey: boolean;
  summary: string;
  purpose: string | null;
  choices: TabChoice[];
  paying: ModeView;
  outcome: Outcome | null;
  /** What the outcome alone does not say. */
  detail: string | null;
  fields: string[];
  failed: string[];
  /** The agent fetches the card only after the approval. */
  approvalFirst: boolean;
  /** Until when the approval stands, once there is one. */
  standsUntil: number;
  /** The standing rule that decided, in words. */
  rule: string | null;
  regret: Regretted | null;
  /** What a new standing rule would start from; null where none can be made from this request. */
  ruleFrom: RuleFrom | null;
}

/** What may be charged after this payment, or later than now; amber where nobody is asked again. */
export interface Later {
  meaning: "look" | "open";
  sentence: string;
}

export interface RuleFrom {
  site: string;
  amount: number;
  currency: string;
}

/** `paidAt` are origins at which this browser paid before. */
export function viewOf(release: Release, paidAt: readonly string[] = []): RequestView {
  const { facts, target } = release;
  const money = (amount: number) => formatMoney(amount, facts.expectedCurrency);
  const amount = target && amountOf(release, target);
  const { remaining, maxAmount } = facts;
  const summary = plainText(facts.summary);
  const purpose = plainText(release.claimed.purpose);
  return {
    id: release.id,
    revision: release.revision,
    state: release.state,
    agentName: plainText(facts.agentName, 60),
    organisationName: plainText(facts.organisationName, 60),
    userName: plainText(facts.userName, 60),
    deadline: release.deadline,
    card: `${plainText(facts.cardBrand, 20)} ·· ${facts.last4}`,
    cardLimit: remaining === null ? null : maxAmount === null ? `${money(remaining)} left` : `${money(remaining)} left of ${money(maxAmount)}`,
    amount: amount ? money(amount.value) : null,
    upTo: amount?.upTo ?? false,
    later: amount && laterOf(release, money(amount.value)),
    origin: target && shownOrigin(target.origin),
    resembles: target && resembles(target.origin, { origins: [...facts.linkedOrigins, ...paidAt], merchant: facts.merchantText }),
    sites: target?.sites ?? [],
    awaited: target !== null && !hasForm(target),
    rows: target ? rows(release) : [],
    mismatch: target ? mismatchesOf(release, target).length > 0 : false,
    passkey: target !== null && passkeyNeeded(release, target) !== null,
    summary,
    purpose: purpose !== "" && purpose !== summary ? purpose : null,
    choices: release.choices,
    paying: modeView(release),
    outcome: release.outcome,
    detail: release.detail,
    fields: release.fields,
    failed: release.failed,
    approvalFirst: approvalFirst(release),
    standsUntil: standsUntil(release),
    rule: release.rule,
    regret: release.regret,
    ruleFrom: ruleFrom(release),
  };
}

function laterOf(release: Release, amount: string): Later | null {
  switch (reasonOf(release)) {
    case "subscription":
      return { meaning: "look", sentence: `Repeats: this shop may charge up to ${amount} again, as often as it likes, without asking.` };
    case "preauth":
      return { meaning: "open", sentence: "The shop may hold the amount first and charge it later, once." };
    case "one-time":
      return null;
  }
}

/** A rule is made from what is calm: no mismatch, an amount that somebody named, and no subscription, which no rule approves. */
export function ruleFrom(release: Release): RuleFrom | null {
  const { target, facts } = release;
  if (!target || !hasForm(target) || target.sites.some(unknownSite) || release.state !== "waiting" || mismatchesOf(release, target).length > 0) return null;
  const amount = amountOf(release, target);
  return amount.upTo || reasonOf(release) === "subscription" ? null : { site: bare(target.origin), amount: amount.value, currency: facts.expectedCurrency };
}

function rows(release: Release): Row[] {
  return [originRow(release), merchantRow(release), amountRow(release)];
}

const bare = (origin: string) => origin.replace(/^https:\/\//, "");

function originRow(release: Release): Row {
  const seen = bare(release.target?.origin ?? "");
  const claims = [release.claimed.origin, release.facts.origin].filter((origin) => origin !== null);
  const claimed = claims.find((origin) => origin !== release.target?.origin) ?? claims[0];
  if (claimed === undefined) return { claimed: "no address", seen, meaning: "look", word: "not claimed", mono: true };
  const same = claimed === release.target?.origin;
  return { claimed: bare(claimed), seen, meaning: same ? "done" : "bad", word: same ? "same" : "not the same", mono: true };
}

/** Always there: the first time at a place is worth knowing most where nobody says whose it is. */
function merchantRow({ facts, target }: Release): Row {
  const merchant = plainText(facts.merchantText ?? "", 100);
  const claimed = merchant === "" ? "no merchant named" : `“${merchant}”`;
  if (facts.linkedOrigins.includes(target?.origin ?? "")) return { claimed, seen: "approved here before", meaning: "done", word: "known", mono: false };
  return { claimed, seen: merchant === "" ? "first time here" : "not checked yet", meaning: "open", word: "first time", mono: false };
}

function amountRow(release: Release): Row {
  const { facts, target } = release;
  const money = (amount: number) => formatMoney(amount, facts.expectedCurrency);
  const claimed = facts.expectedAmount === null ? "no amount" : money(facts.expectedAmount);
  if (!target || target.pageAmount === null) return { claimed, seen: "cannot be read", meaning: "look", word: "check", mono: false };
  const seen = `page says ${money(target.pageAmount)}`;
  if (facts.expectedAmount === null) return { claimed, seen, meaning: "look", word: "not claimed", mono: false };
  const differs = mismatchesOf(release, target).includes("amount");
  return { claimed, seen, meaning: differs ? "bad" : "done", word: differs ? "not the same" : "fits", mono: false };
}
