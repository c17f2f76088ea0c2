import { beforeEach, describe, expect, it, vi } from "vitest";
import { alarmSeen, unseen } from "../release/alarm";

const alarm = (at: number, message = "A details token was presented twice.") => ({ at, kind: "replayed" as const, last4: "1234", message });

describe("a token alarm", () => {
  beforeEach(() => {
    const kept: Record<string, unknown> = {};
    const get = async (key: string) => (key in kept ? { [key]: kept[key] } : {});
    vi.stubGlobal("chrome", { storage: { local: { get, set: async (more: object) => void Object.assign(kept, more) } } });
  });
  it("is shown until the person has seen it", async () => {
    expect(await unseen(null)).toBeNull();
    expect(await unseen(alarm(5))).toEqual(alarm(5));
    await alarmSeen(5);
    expect(await unseen(alarm(5))).toBeNull();
  });
  it("is shown again when there is another one, whatever time the last one claimed", async () => {
    await alarmSeen(Number.MAX_SAFE_INTEGER);
    expect(await unseen(alarm(6))).toEqual(alarm(6));
  });
  it("is words without markup", async () => {
    expect((await unseen(alarm(7, "twice <b>now</b>\u202e")))?.message).toBe("twice now");
  });
});
