/** What a worker that was stopped left behind: tabs under the debugger, and requests whose end nobody knows. */
import { failed } from "./act";
import { detach, type Place } from "./debuggee";

type Sent = Place & { requestId: string };

interface Left {
  tabs: number[];
  /** Sent, and the page has no answer yet. */
  sent: Sent[];
  /** Whether any was sent. */
  mayBePaid: boolean;
}

// Of the browser's session, as the debugger's attachments are. One key for each release.
const PREFIX = "watched:";
const now = new Map<string, Left>();

function change(releaseId: string, how: (left: Left) => void): Promise<void> {
  const left = now.get(releaseId) ?? { tabs: [], sent: [], mayBePaid: false };
  now.set(releaseId, left);
  how(left);
  return chrome.storage.session.set({ [PREFIX + releaseId]: left });
}

/** This tab is about to be attached for the release. */
export function keepTab(releaseId: string, tabId: number): Promise<void> {
  return change(releaseId, ({ tabs }) => tabs.push(tabId));
}

/** This request was sent just now: it may have been paid. */
export function keepSent(releaseId: string, request: Sent): Promise<void> {
  return change(releaseId, (left) => {
    left.sent.push(request);
    left.mayBePaid = true;
  });
}

/** The page has its answer. Written with what is sent next: to fail what was answered does nothing. */
export function answered(releaseId: string, requestId: string): void {
  const left = now.get(releaseId);
  if (left) left.sent = left.sent.filter((sent) => sent.requestId !== requestId);
}

/** Nothing of the release is left. */
export async function forget(releaseId: string): Promise<void> {
  now.delete(releaseId);
  await chrome.storage.session.remove(PREFIX + releaseId);
}

/** Fail and detach all that is left. Answers the releases of which a request was sent: their card may have been charged. */
export async function clear(): Promise<Set<string>> {
  const stored = await chrome.storage.session.get<Record<string, Left>>(null);
  const keys = Object.keys(stored).filter((key) => key.startsWith(PREFIX));
  const left = keys.map((key) => ({ releaseId: key.slice(PREFIX.length), tabs: [], sent: [], mayBePaid: false, ...stored[key] }) as Left & { releaseId: string });
  // Before the detaching: that would let them go on.
  await Promise.all(left.flatMap(({ sent }) => sent.map(({ requestId, ...place }) => failed(place, requestId))));
  await Promise.all(left.flatMap(({ tabs }) => tabs.map(detach)));
  await chrome.storage.session.remove(keys);
  return new Set(left.filter(({ mayBePaid }) => mayBePaid).map(({ releaseId }) => releaseId));
}
