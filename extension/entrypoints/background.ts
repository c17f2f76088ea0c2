import { defineBackground } from "wxt/utils/define-background";
import { Connection } from "../channel/connection";
import { Enrolment } from "../channel/enrolment";
import { Asking } from "../channel/requests";
import type { ToExtension } from "../channel/session";
import { Interception } from "../interception/interception";
import { openDevice } from "../keys/device";
import { readPins } from "../keys/pins";
import { readSettings } from "../keys/settings";
import type { Status } from "../protocol/messages";
import { unseen, untold } from "../release/alarm";
import { passkeyNeeded } from "../release/decide";
import { Door } from "../release/door";
import { badge, clearSeen, notifyOf, openOnNotificationClick, present } from "../release/present";
import { Releases } from "../release/releases";
import { Regret } from "../rules/regret";
import { Standing } from "../rules/standing";
import { handlersOf } from "../worker/handlers";
import { stateOf } from "../worker/state";

// Wakes the worker when the channel is down, since nothing else would: one alarm in 30 s is the shortest there is.
const RECONNECT_ALARM = "reconnect";
// The person waits for the popup: an egress that takes longer counts as none.
const COVERAGE_MS = 2_000;

// Changes that come together are shown together, and a fill is not kept waiting while the popup draws what led to it.
const TOGETHER_MS = 100;

function start(): void {
  void chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
  void chrome.storage.session.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });

  const device = openDevice();
  let status: Status | null = null;

  const connection = new Connection(device, {
    opened: () => void opened(),
    closed: () => interception.lost(),
    message: (message) => void received(message),
    changed: () => changed(),
  });
  const asking = new Asking((message) => connection.send(message));
  const interception = new Interception((message) => connection.send(message));
  const regret = new Regret(device, asking, () => changed());
  const standing = new Standing(device, asking, () => changed());
  const enrolment = new Enrolment(device, asking);
  const releases = new Releases({
    device,
    interception,
    send: (message) => connection.send(message),
    coverage: (origin, frameOrigins) => asking.ask({ type: "ask_coverage", origin, frameOrigins }, COVERAGE_MS).catch(() => null),
    present: (release) => {
      const passkey = release.target !== null && passkeyNeeded(release, release.target) !== null;
      void present(release, passkey, door.watched, releases.waiting());
    },
    restrict: (kind, subject, label, now) => regret.restrict(kind, subject, label, now),
    changed: () => changed(),
  });
  const parts = { device, connection, enrolment, releases, regret, standing, changed };

  async function opened(): Promise<void> {
    const { unattended } = await readSettings();
    await connection.send({ type: "presence", attended: !unattended }).catch(() => undefined);
    await releases.flush();
  }

  async function received(message: ToExtension): Promise<void> {
    if (message.type === "offer") await releases.offered(message);
    else if (message.type === "deliver") await releases.delivered(message);
    else if (message.type === "deliver_surrogate") await releases.deliveredSurrogate(message);
    else if (message.type === "head" || message.type === "chunk" || message.type === "end") return interception.came(message);
    else if (message.type === "withdrawn") await releases.withdrawn(message);
    else if (message.type === "status") status = message;
    else if ("requestId" in message) asking.answered(message);
    changed();
  }

  const door = new Door(
    handlersOf(parts),
    () => stateOf(parts, status),
    ({ asserting }) => {
      if (asserting) void releases.asserted(asserting, null);
    },
  );

  let showing: ReturnType<typeof setTimeout> | undefined;
  let telling: Promise<void> = Promise.resolve();

  function changed(): void {
    showing ??= setTimeout(() => {
      showing = undefined;
      void door.show();
      telling = telling.then(tell).catch(() => undefined); // one after the other: none takes down what the next one put up
    }, TOGETHER_MS);
  }

  /** What the browser itself shows to somebody who looks at none of our pages. */
  async function tell(): Promise<void> {
    const alarms = await unseen(status);
    await badge(releases.waiting(), connection.state.kind === "offline", alarms.length > 0);
    for (const alarm of await untold(alarms)) await notifyOf(alarm);
    await clearSeen(alarms);
  }

  chrome.webNavigation.onCompleted.addListener(({ frameId, tabId }) => {
    if (frameId === 0) void releases.navigated(tabId);
  });
  chrome.tabs.onRemoved.addListener((tabId) => void releases.closed(tabId));
  chrome.runtime.onStartup.addListener(() => void connection.wake());
  chrome.runtime.onInstalled.addListener(({ reason }) => {
    void connection.wake();
    if (reason === "install") void welcome();
  });
  chrome.alarms.onAlarm.addListener(({ name }) => {
    if (name === RECONNECT_ALARM) void connection.wake();
  });
  void chrome.alarms.create(RECONNECT_ALARM, { periodInMinutes: 0.5 });
  openOnNotificationClick();
  void connection.wake();
}

/** The first steps, once, where nothing was set up yet and none of our pages is open. */
async function welcome(): Promise<void> {
  const [{ broker }, ours] = await Promise.all([readPins(), chrome.tabs.query({ url: chrome.runtime.getURL("/*") })]);
  if (!broker && ours.length === 0) await chrome.tabs.create({ url: chrome.runtime.getURL("/welcome.html") });
}

export default defineBackground({ type: "module", main: start });
