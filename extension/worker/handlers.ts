/** What our own pages may ask of the worker. Every rule and action is built here from verified facts; pages only type bounds and sign. */
import type { Connection } from "../channel/connection";
import type { Enrolment } from "../channel/enrolment";
import { ChannelFault } from "../channel/fault";
import { plainText } from "../core/text";
import type { Device } from "../keys/device";
import { writeSettings } from "../keys/settings";
import { readBounds } from "../policy/bounds";
import { b64u } from "../protocol/canonical";
import { alarmSeen } from "../release/alarm";
import type { Handlers } from "../release/door";
import { mustPick } from "../release/mode";
import { openWindow } from "../release/present";
import type { Releases } from "../release/releases";
import { ruleFrom } from "../release/view";
import type { Regret } from "../rules/regret";
import type { Standing } from "../rules/standing";

/** The parts of the worker. */
export interface Parts {
  device: Promise<Device>;
  connection: Connection;
  enrolment: Enrolment;
  releases: Releases;
  regret: Regret;
  standing: Standing;
  changed(): void;
}

export function handlersOf(parts: Parts): Handlers {
  return { ...settingUp(parts), ...deciding(parts), ...ruling(parts) };
}

function settingUp({ connection, enrolment, changed }: Parts) {
  return {
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
    setUnattended: async ({ unattended }) => {
      await writeSettings({ unattended });
      await connection.send({ type: "presence", attended: !unattended }).catch(() => undefined);
      changed();
      return null;
    },
    alarmSeen: async ({ name }) => {
      await alarmSeen(name);
      changed();
      return null;
    },
    window: async () => (await openWindow(), null),
    reconnect: async () => (await connection.wake(), null),
  } satisfies Partial<Handlers>;
}

function deciding({ releases }: Parts) {
  return {
    rendered: async ({ id }) => (await releases.rendered(id), null),
    pick: async ({ id, tabId }) => (await releases.picked(id, tabId), null),
    press: async ({ id, revision }) => (releases.press(id, revision), null),
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
    deny: async ({ id, also }) => (await releases.deny(id, also), null),
    stop: async ({ id }) => (await releases.stop(id), null),
    pickMode: async ({ id, revision, mode }) => (releases.pickMode(id, revision, mode), null),
  } satisfies Partial<Handlers>;
}

function ruling({ releases, regret, standing }: Parts) {
  return {
    draftRuleHere: async ({ id, revision, bounds }) => {
      const release = releases.asked(id, revision);
      if (!release?.target || mustPick(release) || !ruleFrom(release)) throw new Error("The request changed meanwhile. Look at it again.");
      const { agentId, agentName, expectedCurrency: currency } = release.facts;
      const now = Date.now() + release.clockOffset;
      // Only the mode that is shown: what the rule lets a page see, the person has read.
      return standing.draft({ agentId, agentName, origin: release.target.origin, currency, modes: [release.mode] }, readBounds(bounds, currency, now), now);
    },
    draftRule: async ({ subject, bounds }) => {
      const named = { ...subject, agentName: plainText(subject.agentName, 100) };
      return standing.draft(named, readBounds(bounds, subject.currency, Date.now()), Date.now());
    },
    makeRule: async ({ ticket, passkey }) => (await standing.make(ticket, passkey), null),
    listRules: async () => (await standing.list(), null),
    revokeRule: async ({ grantId }) => {
      await regret.revoke(grantId, Date.now());
      await standing.list();
      return null;
    },
    prepareUndo: ({ kind, subject }) => regret.prepareUndo(kind, subject, Date.now()),
    undo: async ({ ticket, passkey }) => (await regret.undo(ticket, passkey), null),
    forgetRestriction: async ({ kind, subject }) => (await regret.forget(kind, subject), null),
  } satisfies Partial<Handlers>;
}
