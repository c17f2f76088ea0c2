/** LedgerOS's newest alarm about a details token, as the broker passed it on, until the person has seen it. */
import { plainText } from "../core/text";
import type { Messages } from "../protocol/messages";

export type TokenAlarm = Messages["TokenAlarm"];

const KEY = "alarmSeen";

/** `alarm` made harmless; null when there is none or the person has seen it. */
export async function unseen(alarm: TokenAlarm | null): Promise<TokenAlarm | null> {
  if (!alarm) return null;
  const stored = await chrome.storage.local.get<{ alarmSeen?: number }>(KEY);
  // Equal, not later: a time far ahead must not silence what comes after it.
  return stored.alarmSeen === alarm.at ? null : { ...alarm, message: plainText(alarm.message) };
}

/** The person has seen the alarm of this time. */
export async function alarmSeen(at: number): Promise<void> {
  await chrome.storage.local.set({ [KEY]: at });
}
