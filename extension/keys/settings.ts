/** What the owner of this browser set. */

export interface Settings {
  /** Nobody sits here: what no rule covers is refused at once instead of waited on. */
  unattended: boolean;
}

const KEY = "settings";

export async function readSettings(): Promise<Settings> {
  const stored = await chrome.storage.local.get<{ settings?: Partial<Settings> }>(KEY);
  return { unattended: stored.settings?.unattended === true };
}

export async function writeSettings(settings: Settings): Promise<void> {
  await chrome.storage.local.set({ [KEY]: settings });
}
