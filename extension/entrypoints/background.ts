import { defineBackground } from "wxt/utils/define-background";
import { Connection } from "../channel/connection";
import { Enrolment } from "../channel/enrolment";
import { ChannelFault } from "../channel/fault";
import type { ToExtension } from "../channel/session";
import { openDevice } from "../keys/device";
import { readPins } from "../keys/pins";
import { b64u } from "../protocol/canonical";
import { passkeyNeeded } from "../release/decide";
import { Door, type Handlers } from "../release/door";
import { readHistory } from "../release/history";
import { badge, openOnNotificationClick, openWindow, present } from "../release/present";
import { Releases } from "../release/releases";
import { viewOf } from "../release/view";
import type { AppState } from "../ui/wire";

// Wakes the worker when the channel is down, since nothing else would: one alarm in 30 s is the shortest there is.
const RECONNECT_ALARM = "reconnect";

function start(): void {
  void chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
  void chrome.storage.session.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });

  const device = openDevice();
  let issuerReachable: boolean | null = null;

  const connection = new Connection(device, {
    opened: () => void releases.flush(),
    message: (message) => void received(message),
    changed: () => changed(),
  });
  const releases = new Releases({
    device,
    send: (message) => connection.send(message),
    present: (release) => {
      if (!door.watched) void present(release, release.target !== null && passkeyNeeded(release, release.target));
    },
    changed: () => changed(),
  });
  const enrolment = new Enrolment(device, (message) => connection.send(message));

  async function received(message: ToExtension): Promise<void> {
    if (message.type === "offer") await releases.offered(message);
    else if (message.type === "deliver") await releases.delivered(message);
    else if (message.type === "withdrawn") await releases.withdrawn(message);
    else if (message.type === "enrol_answer") enrolment.answered(message);
    else if (message.type === "status") issuerReachable = message.issuerReachable;
    changed();
  }

  const handlers: Handlers = {
    pair: async ({ code, deviceName }) => {
      try {
        return { replaces: (await connection.pair(code, deviceName)).replaces };
      } catch (error) {
        if (error instanceof ChannelFault) throw new Error(error.reason ?? `${error.message} ${error.cure}`);
        throw error;
      }
    },
    prepareEnrolment: ({ code }) => enrolment.prepare(code),
    enrol: async ({ code, binding, deviceName, passkey }) => {
      await enrolment.enrol(code, binding, deviceName, passkey);
      changed();
      return null;
    },
    rendered: async ({ id }) => (await releases.rendered(id), null),
    pick: async ({ id, tabId }) => (await releases.picked(id, tabId), null),
    approve: async ({ id, revision }, page) => {
      const answer = await releases.approve(id, revision);
      if (answer === null || answer === "changed") return null;
      page.asserting = id;
      return { challenge: b64u(answer.challenge), credentialIds: answer.credentialIds };
    },
    asserted: async ({ id, passkey }, page) => {
      page.asserting = null;
      await releases.asserted(id, passkey);
      return null;
    },
    deny: async ({ id }) => (await releases.deny(id), null),
    window: async () => (await openWindow(), null),
    reconnect: async () => (await connection.wake(), null),
  };

  const door = new Door(handlers, state, ({ asserting }) => {
    if (asserting) void releases.asserted(asserting, null);
  });

  async function state(): Promise<AppState> {
    const [{ broker, issuer, passkeys }, history] = await Promise.all([readPins(), readHistory(), releases.loaded]);
    return {
      channel: connection.state,
      issuerReachable: connection.state.kind === "online" ? issuerReachable : null,
      broker: broker && { id: broker.id, pairedAt: broker.pairedAt },
      issuer,
      passkeys,
      requests: releases.list().map(viewOf),
      history,
    };
  }

  function changed(): void {
    void door.show();
    void badge(releases.waiting(), connection.state.kind === "offline");
  }

  chrome.webNavigation.onCompleted.addListener(({ frameId, tabId }) => {
    if (frameId === 0) void releases.navigated(tabId);
  });
  chrome.tabs.onRemoved.addListener((tabId) => void releases.closed(tabId));
  chrome.runtime.onStartup.addListener(() => void connection.wake());
  chrome.runtime.onInstalled.addListener(() => void connection.wake());
  chrome.alarms.onAlarm.addListener(({ name }) => {
    if (name === RECONNECT_ALARM) void connection.wake();
  });
  void chrome.alarms.create(RECONNECT_ALARM, { periodInMinutes: 0.5 });
  openOnNotificationClick();
  void connection.wake();
}

export default defineBackground({ type: "module", main: start });
