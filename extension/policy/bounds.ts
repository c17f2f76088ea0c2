/** From what a person typed to the bounds of a standing rule. Pure: what is not a limit is refused, never guessed. */
import { exponent } from "../core/money";

/** The bounds as typed. Dates as `2027-01-31`, times as `09:00`, empty times mean any hour. */
export interface TypedBounds {
  amount: string;
  count: string;
  until: string;
  from: string;
  to: string;
}

export interface Bounds {
  maxAmount: number;
  countPerDay: number;
  fromMinute: number;
  toMinute: number;
  utcOffsetMinutes: number;
  endsAt: number;
}

export const DEFAULT_DAYS = 30;
export const LONGEST_DAYS = 365;
const DAY_MS = 86_400_000;
const MOST_A_DAY = 1_000;

/** A bound that is not one, in words for the person. */
export class BoundsError extends Error {}

/** Minor units of what a person typed (`50`, `49.90`), or null. */
export function typedAmount(text: string, currency: string): number | null {
  const digits = exponent(currency);
  const match = /^(\d{1,9})(?:[.,](\d+))?$/.exec(text.trim());
  if (!match || (match[2]?.length ?? 0) > digits) return null;
  return Number(match[1] ?? "0") * 10 ** digits + Number((match[2] ?? "").padEnd(digits, "0") || "0");
}

/** An amount as it is typed: no sign, no grouping. */
export function amountToType(amount: number, currency: string): string {
  const digits = exponent(currency);
  const text = String(amount).padStart(digits + 1, "0");
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

/** The local day `days` from `now`, as a date field wants it. */
export function dayFrom(now: number, days: number): string {
  const day = new Date(now + days * DAY_MS);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}

/** The bounds typed, at `now`; throws `BoundsError`. */
export function readBounds(typed: TypedBounds, currency: string, now: number): Bounds {
  const maxAmount = typedAmount(typed.amount, currency);
  if (maxAmount === null || maxAmount === 0) throw new BoundsError(`Say the most for one payment as a number in ${currency}.`);
  const countPerDay = Number(typed.count);
  if (!Number.isInteger(countPerDay) || countPerDay < 1 || countPerDay > MOST_A_DAY) throw new BoundsError(`Say how often a day: 1 to ${MOST_A_DAY}.`);
  return { maxAmount, countPerDay, ...hours(typed), utcOffsetMinutes: -new Date(now).getTimezoneOffset(), endsAt: end(typed.until, now) };
}

/** The end of the local day `until`. */
function end(until: string, now: number): number {
  const [year, month, day] = /^\d{4}-\d{2}-\d{2}$/.test(until) ? until.split("-").map(Number) : [];
  const endsAt = year && month && day ? new Date(year, month - 1, day + 1).getTime() : Number.NaN;
  if (!(endsAt > now)) throw new BoundsError("Say the last day, from today on.");
  if (endsAt > now + LONGEST_DAYS * DAY_MS) throw new BoundsError("A rule lasts a year at most.");
  return endsAt;
}

function hours({ from, to }: TypedBounds): Pick<Bounds, "fromMinute" | "toMinute"> {
  if (from === "" && to === "") return { fromMinute: 0, toMinute: 1_440 };
  const fromMinute = minute(from);
  const toMinute = minute(to) || 1_440;
  if (fromMinute === toMinute) throw new BoundsError("The hours start and end at the same time.");
  return { fromMinute, toMinute };
}

function minute(time: string): number {
  const match = /^(\d{2}):(\d{2})$/.exec(time);
  if (!match) throw new BoundsError("Say both hours, or neither.");
  return Number(match[1]) * 60 + Number(match[2]);
}
