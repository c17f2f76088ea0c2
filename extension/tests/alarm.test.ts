import { beforeEach, describe, expect, it, vi } from "vitest";
import { alarmSeen, nameOf, type TokenAlarm, unseen, untold } from "../release/alarm";

const alarm = (at: number, message = "A details token was presented twice.", kind: TokenAlarm["kind"] = "replayed"): TokenAlarm => ({ at, kind, last4: "1234", message });
const own = (at: number) => alarm(at, "Another agent brought it.", "another_agent");
const kept: Record<string, unknown> = {};

beforeEach(() => {
  for (const key of Object.keys(kept)) delete kept[key];
  const get = async (key: string) => (key in kept ? { [key]: kept[key] } : {});
  vi.stubGlobal("chrome", { storage: { local: { get, set: async (more: object) => void Object.assign(kept, more) } } });
});

describe("a token alarm", () => {
  it("is shown until the person has seen it", async () => {
    expect(await unseen(null)).toEqual([]);
    expect(await unseen({ alarm: alarm(5) })).toEqual([alarm(5)]);
    await alarmSeen(nameOf(alarm(5)));
    expect(await unseen({ alarm: alarm(5) })).toEqual([]);
  });
  it("is shown again when there is another one, whatever time the last one claimed", async () => {
    await alarmSeen(nameOf(alarm(Number.MAX_SAFE_INTEGER)));
    expect(await unseen({ alarm: alarm(6) })).toEqual([alarm(6)]);
  });
  it("is words without markup", async () => {
    expect((await unseen({ alarm: alarm(7, "twice <b>now</b>\u202e") }))[0]?.message).toBe("twice now");
  });
  it("of the broker stands beside LedgerOS's, the newest first, and each is seen by itself", async () => {
    const both = { alarm: alarm(5), ownAlarm: own(6) };
    expect(await unseen(both)).toEqual([own(6), alarm(5)]);
    await alarmSeen(nameOf(own(6)));
    expect(await unseen(both)).toEqual([alarm(5)]);
  });
});

describe("a notification of an alarm", () => {
  it("comes once", async () => {
    expect(await untold([alarm(5), own(5)])).toEqual([alarm(5), own(5)]);
    expect(await untold([alarm(5), own(5), own(6)])).toEqual([own(6)]);
    expect(await untold([own(6)])).toEqual([]);
  });
  it("is remembered for the last few only, however many somebody raises", async () => {
    for (let at = 0; at < 100; at += 1) await untold([own(at)]);
    expect(kept["alarmsTold"]).toHaveLength(20);
    expect(await untold([own(99)])).toEqual([]);
  });
});
