/** Getting a person's eyes on a request: popup, window, badge, notification. None of these can approve. */
import { plainText } from "../core/text";
import type { Release } from "./release";

const NOTIFICATION = "release";
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

/** The number on the toolbar button: how many wait; an exclamation mark when something is wrong. */
export async function badge(waiting: number, trouble: boolean): Promise<void> {
  const text = waiting > 0 ? String(waiting) : trouble ? "!" : "";
  await chrome.action.setBadgeBackgroundColor({ color: waiting > 0 ? "#4338ca" : "#b45309" });
  await chrome.action.setBadgeText({ text });
  if (waiting === 0) await chrome.notifications.clear(NOTIFICATION);
}

/** A click on the notification only brings the request up. */
export function openOnNotificationClick(): void {
  chrome.notifications.onClicked.addListener(() => void openWindow());
}
