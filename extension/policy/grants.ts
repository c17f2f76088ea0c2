/** Whether a standing rule covers a payment: facts in, a verdict that names its rule out. Pure. Twin of broker/policy/grants.py. */
import { formatMoney } from "../core/money";
import type { Grant, GrantState } from "../protocol/messages";

/** What is to be paid. `amount` is the most that will be authorised, null when nobody named one; `at` is LedgerOS's time. */
export interface Payment {
  deviceId: string;
  agentId: string;
  origin: string;
  amount: number | null;
  currency: string;
  mode: "direct" | "surrogate";
  mismatches: readonly string[];
  at: number;
}

/** `rule` names the bound that refused, or the grant that covers. */
export interface Verdict {
  covered: boolean;
  rule: string;
  sentence: string;
}

const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;

/** The minute of the day at `at` where local time is UTC plus `offset` minutes. */
export function minuteOfDay(at: number, offset: number): number {
  const minutes = Math.floor(at / MINUTE_MS) + offset;
  return ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
}

/** Whether `minute` lies in the hours of `grant`; a span that ends before it starts goes over midnight. */
export function inHours({ fromMinute, toMinute }: Pick<Grant, "fromMinute" | "toMinute">, minute: number): boolean {
  return fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}

/** Whether `state` covers `payment`: every bound must hold, and the first that does not is named. */
export function covers(state: GrantState, payment: Payment): Verdict {
  const { grant } = state;
  for (const [rule, holds, sentence] of bounds(state, payment)) {
    if (!holds) return { covered: false, rule, sentence };
  }
  return { covered: true, rule: grant.grantId, sentence: `Rule ${grant.grantId}: ${describe(grant)}.` };
}

type Bound = [rule: string, holds: boolean, sentence: string];

function bounds({ grant, usedToday, revokedAt }: GrantState, payment: Payment): Bound[] {
  const { amount, at } = payment;
  return [
    ["grant_revoked", revokedAt === null, "The rule was revoked."],
    ["grant_device", grant.deviceId === payment.deviceId, "The rule was made in another browser."],
    ["grant_agent", grant.agentId === payment.agentId, "The rule is for another agent."],
    ["grant_origin", grant.origin === payment.origin, "The rule is for another site."],
    ["grant_mode", grant.modes.includes(payment.mode), "The rule does not allow this way of paying."],
    ["grant_currency", grant.currency === payment.currency, "The rule is in another currency."],
    ["grant_amount", amount !== null && amount > 0 && amount <= grant.maxAmount, "The amount is above the rule's, or nobody named one."],
    ["grant_mismatch", payment.mismatches.length === 0, "What the agent claimed is not what the browser sees."],
    ["grant_dates", at >= grant.createdAt && at < grant.endsAt, "The rule has ended."],
    ["grant_hours", inHours(grant, minuteOfDay(at, grant.utcOffsetMinutes)), "The rule does not hold at this hour."],
    ["grant_count", usedToday < grant.countPerDay, "The rule was used as often as it may be today."],
  ];
}

/** The first of `states` that covers `payment`, narrowest amount first, or null. */
export function firstCovering(states: readonly GrantState[], payment: Payment): GrantState | null {
  const narrowest = [...states].sort((a, b) => a.grant.maxAmount - b.grant.maxAmount);
  return narrowest.find((state) => covers(state, payment).covered) ?? null;
}

/** A grant in words: `up to $50.00, 3 a day, 9:00–17:00, until 2027-01-31, the page does not see the number`. */
export function describe(grant: Grant): string {
  const local = new Date(grant.endsAt + grant.utcOffsetMinutes * MINUTE_MS - 1);
  const hours = grant.fromMinute === 0 && grant.toMinute === DAY_MINUTES ? "" : `, ${clock(grant.fromMinute)}–${clock(grant.toMinute)}`;
  return `up to ${formatMoney(grant.maxAmount, grant.currency)}, ${grant.countPerDay} a day${hours}, until ${local.toISOString().slice(0, 10)}, ${sees(grant)}`;
}

function sees({ modes }: Grant): string {
  if (!modes.includes("direct")) return "the page does not see the number";
  return modes.includes("surrogate") ? "the page may see the number" : "the page sees the number";
}

function clock(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
}
