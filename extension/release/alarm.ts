/** Alarms about details tokens, LedgerOS's newest and the broker's own, as the broker passed them on, until the person has seen them. */
import { plainText } from "../core/text";
import type { Messages, Status } from "../protocol/messages";

export type TokenAlarm = Messages["TokenAlarm"];

type Kept = "alarmsSeen" | "alarmsTold";
// Two at a time, and what a broker repeats is the newest: more are of long ago.
const MOST = 20;

/** What tells an alarm from others. An equal time and not a later one: a time far ahead must not silence what comes after it. */
export function nameOf({ kind, at }: Pick<TokenAlarm, "kind" | "at">): string {
  return `${kind}@${at}`;
}

/** The alarms in `status` that the person has not seen, made harmless, newest first. */
export async function unseen(status: Pick<Status, "alarm" | "ownAlarm"> | null): Promise<TokenAlarm[]> {
  const seen = await kept("alarmsSeen");
  const alarms = [status?.alarm, status?.ownAlarm].filter((alarm) => !!alarm).filter((alarm) => !seen.includes(nameOf(alarm)));
  return alarms.map((alarm) => ({ ...alarm, message: plainText(alarm.message) })).sort((one, other) => other.at - one.at);
}

/** The person has seen the alarm of this name. */
export function alarmSeen(name: string): Promise<void> {
  return keep("alarmsSeen", [name]);
}

/** Those of `alarms` that no notification told of so far: from now on they are told. */
export async function untold(alarms: TokenAlarm[]): Promise<TokenAlarm[]> {
  const told = await kept("alarmsTold");
  const news = alarms.filter((alarm) => !told.includes(nameOf(alarm)));
  if (news.length > 0) await keep("alarmsTold", news.map(nameOf));
  return news;
}

async function kept(key: Kept): Promise<string[]> {
  const stored = await chrome.storage.local.get<Partial<Record<Kept, string[]>>>(key);
  return stored[key] ?? [];
}

async function keep(key: Kept, names: string[]): Promise<void> {
  await chrome.storage.local.set({ [key]: [...(await kept(key)), ...names].slice(-MOST) });
}
