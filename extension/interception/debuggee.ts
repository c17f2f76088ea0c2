/** The browser's debugger as this extension uses it: attach, ask, detach. What fails because the page has gone answers null. */

/** A tab, or with `sessionId` a frame or worker in it. */
export interface Place {
  tabId: number;
  sessionId?: string;
}

const PROTOCOL = "1.3";

/** Attach to the tab; rejects when it cannot be: closed, a page of the browser itself, or attached to already. */
export function attach(tabId: number): Promise<void> {
  return chrome.debugger.attach({ tabId }, PROTOCOL);
}

export async function detach(tabId: number): Promise<void> {
  await chrome.debugger.detach({ tabId }).catch(() => undefined);
}

/** The command's answer, or null when it was refused or its target has gone. */
export async function command<Answer extends object>(place: Place, method: string, parameters: object = {}): Promise<Answer | null> {
  try {
    return ((await chrome.debugger.sendCommand(place, method, parameters)) ?? {}) as Answer;
  } catch {
    return null;
  }
}

/** Whether a worker of `origin` runs that nobody pauses: a shared worker has no requests that the debugger can stop. */
export async function unpausedWorker(origin: string): Promise<boolean> {
  const targets = await chrome.debugger.getTargets();
  return targets.some(({ type, url, attached }) => type === "worker" && !attached && url.startsWith(`${origin}/`));
}

/** Whether another program debugs the tab. Ask before attaching: afterwards it is us. */
export async function debuggedByOthers(tabId: number): Promise<boolean> {
  const targets = await chrome.debugger.getTargets().catch(() => []);
  return targets.some((target) => target.tabId === tabId && target.attached);
}
