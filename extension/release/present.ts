/** Getting a person's eyes on a request: popup, window, badge, notification. None of these can approve. */
import { plainText } from "../core/text";
import type { TokenAlarm } from "./alarm";
import type { Release } from "./release";

const NOTIFICATION = "release";
const ALARM = "alarm-";
const WINDOW = { type: "popup", width: 376, height: 640, focused: true } as const;
const PAGE = "/popup.html?window";

let ownWindow: number | undefined;

/** Open the request in a window of its own, or bring that window to the front. */
export async function openWindow(): Promise<void> {
  if (ownWindow !== undefined) {
    const there = await chrome.windows.update(ownWindow, { focused: true }).catch(() => null);
    if (there) return;
  }
  ownWindow = (await chrome.windows.create({ ...WINDOW, url: chrome.runtime.getURL(PAGE) }))?.id;
}

/** Show `release`; `watched` when a popup is open already, `waiting` how many ask. A passkey prompt would close the toolbar popup, so those open in a window. */
export async function present(release: Release, passkey: boolean, watched: boolean, waiting: number): Promise<void> {
  try {
    if (!watched && passkey) await openWindow();
    else if (!watched) await chrome.action.openPopup().catch(openWindow);
  } catch {
    await notify(release, waiting);
    return;
  }
  const focused = await chrome.windows.getLastFocused().catch(() => null);
  if (!focused?.focused) await notify(release, waiting);
}

async function notify(release: Release, waiting: number): Promise<void> {
  const agent = plainText(release.facts.agentName, 60);
  await chrome.notifications.create(NOTIFICATION, {
    type: "basic",
    iconUrl: chrome.runtime.getURL("/icons/128.png"),
    title: waiting > 1 ? `${waiting} payments wait for you` : "A payment waits for you",
    message: `${agent} asks. Open LedgerOS in the browser to decide.`,
  });
}

/** What the toolbar button says: how many wait, and an exclamation mark when something is wrong: red for an alarm. */
export async function badge(waiting: number, trouble: boolean, alarmed: boolean): Promise<void> {
  const text = `${waiting > 0 ? waiting : ""}${alarmed || (trouble && waiting === 0) ? "!" : ""}`;
  await chrome.action.setBadgeBackgroundColor({ color: alarmed ? "#b91c1c" : waiting > 0 ? "#4338ca" : "#b45309" });
  await chrome.action.setBadgeText({ text });
  if (waiting === 0) await chrome.notifications.clear(NOTIFICATION);
}

/** Tell of an alarm, once. One notification for each kind: who raises many fills no screen with them. */
export async function notifyOf({ kind, last4, message }: TokenAlarm): Promise<void> {
  await chrome.notifications.create(ALARM + kind, {
    type: "basic",
    iconUrl: chrome.runtime.getURL("/icons/128.png"),
    title: last4 === null ? "LedgerOS: an alarm" : `LedgerOS: an alarm about card ·· ${last4}`,
    message,
  });
}

/** Take down the notifications of alarms that are not among `unseen` any more. */
export async function clearSeen(unseen: TokenAlarm[]): Promise<void> {
  const open = Object.keys(await chrome.notifications.getAll()).filter((id) => id.startsWith(ALARM));
  const over = open.filter((id) => !unseen.some(({ kind }) => id === ALARM + kind));
  await Promise.all(over.map((id) => chrome.notifications.clear(id)));
}

/** A click on the notification only brings the request up. */
export function openOnNotificationClick(): void {
  chrome.notifications.onClicked.addListener(() => void openWindow());
}
