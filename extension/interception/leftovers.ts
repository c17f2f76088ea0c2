/** What a worker that was stopped left behind: tabs under the debugger, and requests whose end nobody knows. */
import { failed } from "./act";
import { detach, type Place } from "./debuggee";

type Sent = Place & { requestId: string };

interface Left {
  tabs: number[];
  sent: Sent[];
}

// Of the browser's session, as the debugger's attachments are.
const KEY = "watched";

/** Written one after the other: each reads what the one before wrote. */
let writing: Promise<unknown> = Promise.resolve();

function change(releaseId: string, how: (left: Left) => Left | null): Promise<void> {
  const written = writing.then(async () => {
    const all = await read();
    const { [releaseId]: before = { tabs: [], sent: [] }, ...others } = all;
    const after = how(before);
    await chrome.storage.session.set({ [KEY]: after ? { ...others, [releaseId]: after } : others });
  });
  writing = written.catch(() => undefined);
  return written;
}

async function read(): Promise<Record<string, Left>> {
  return (await chrome.storage.session.get<{ watched?: Record<string, Left> }>(KEY)).watched ?? {};
}

/** This tab is about to be attached for the release. */
export function keepTab(releaseId: string, tabId: number): Promise<void> {
  return change(releaseId, ({ tabs, sent }) => ({ tabs: [...new Set([...tabs, tabId])], sent }));
}

/** This request is about to be sent: from now on it may have been paid. */
export function keepSent(releaseId: string, request: Sent): Promise<void> {
  return change(releaseId, ({ tabs, sent }) => ({ tabs, sent: [...sent, request] }));
}

export function forget(releaseId: string): Promise<void> {
  return change(releaseId, () => null);
}

/** Fail and detach all that is left. Answers the releases of which a request was sent: their card may have been charged. */
export async function clear(): Promise<Set<string>> {
  const left = await read();
  const sent = Object.values(left).flatMap((one) => one.sent);
  // Before the detaching: that would let them go on.
  await Promise.all(sent.map(({ requestId, ...place }) => failed(place, requestId)));
  await Promise.all(Object.values(left).flatMap(({ tabs }) => tabs.map(detach)));
  await chrome.storage.session.remove(KEY);
  return new Set(Object.keys(left).filter((id) => (left[id]?.sent.length ?? 0) > 0));
}
