/** Direct or surrogate: what is possible on this page, what a shop was paid with before, and what the person must pick. Pure but for the memory. */
import type { Coverage, Decision, GrantState, Outcome, TaughtBy } from "../protocol/messages";
import type { Release } from "./release";

export type Mode = Decision["mode"];

/** What is known about paying on one page without showing it the number. */
export interface Cover {
  /** The egress's answer; `no_egress`: LedgerOS knows none of this broker; `key_unknown`: it does not know this one's key. */
  verdict: Coverage["verdict"] | "no_egress" | "key_unknown";
  /** The key to seal to, where a swap is possible. */
  keyId: string | null;
  /** Who taught the egress how it pays; null where the registry knows it, or nobody does. */
  taught: TaughtBy | null;
  /** It was taught after the last payment here that went well, or there was none: no person has seen where the number goes. */
  newlyTaught: boolean;
  /** How this shop was paid last. */
  before: Mode | null;
  /** Another program debugs the tab. */
  debugged: boolean;
  /** The person chose the mode for this request. */
  picked: boolean;
}

/** What `coverage` (null: no answer) means, given the egress keys in LedgerOS's signed facts. */
export function coverOf(coverage: Coverage | null, egressKeys: readonly string[]): Pick<Cover, "verdict" | "keyId" | "taught"> {
  const none = (verdict: Cover["verdict"]) => ({ verdict, keyId: null, taught: null });
  if (egressKeys.length === 0) return none("no_egress");
  if (!coverage) return none("egress_unavailable");
  if (coverage.verdict !== "covered") return none(coverage.verdict);
  const keyId = coverage.keyId ?? null;
  return keyId !== null && egressKeys.includes(keyId) ? { verdict: "covered", keyId, taught: coverage.taught ?? null } : none("key_unknown");
}

/** The mode to begin with: what this shop was paid with before, else surrogate; direct where nothing else is possible. */
export function firstMode({ keyId, before }: Cover): Mode {
  return keyId === null ? "direct" : (before ?? "surrogate");
}

// An egress is enrolled and cannot be used: whether this page could have been paid without seeing the number is not known.
const ABSENT: readonly Cover["verdict"][] = ["egress_unavailable", "key_unknown"];

/** Whether the page would see a number that it did not see before, or perhaps need not see: never without the person's word. */
export function mustPick({ cover }: Pick<Release, "cover">): boolean {
  if (cover === null || cover.keyId !== null || cover.picked) return false;
  return cover.before === "surrogate" || (cover.before === null && ABSENT.includes(cover.verdict));
}

/**
 * The rules that may decide in the person's place here. Where the page starts by seeing the number and need not, one that allows
 * both ways decides nothing: a person looks first. None does where nobody has seen where the number goes since it was taught.
 */
export function rulesFor({ mode, cover, facts }: Pick<Release, "mode" | "cover" | "facts">): GrantState[] {
  const rules = facts.grants ?? [];
  if (mustLook({ mode, cover })) return [];
  return mode === "direct" && cover?.keyId ? rules.filter(({ grant }) => !grant.modes.includes("surrogate")) : rules;
}

/** Whether a person has to look before a rule may act: where the number goes here, nobody has seen since it was taught. */
export function mustLook({ mode, cover }: Pick<Release, "mode" | "cover">): boolean {
  return mode === "surrogate" && cover?.newlyTaught === true;
}

/** The key that the card is sealed to: the egress's in surrogate mode, else this browser's `own`. */
export function recipientOf({ mode, cover }: Pick<Release, "mode" | "cover">, own: string): string {
  return mode === "surrogate" && cover?.keyId ? cover.keyId : own;
}

/** What is remembered of shops: how each was paid last, and what had been taught of it then. */
interface Memory {
  modes?: Record<string, Mode>;
  lessons?: Record<string, TaughtBy>;
}

const MOST_SHOPS = 500;

/** How `origin` was paid last, or null. */
export function modeBefore(origin: string): Promise<Mode | null> {
  return of("modes", origin);
}

/** What had been taught of `origin` when it was paid last; null where nothing was. */
export function lessonBefore(origin: string): Promise<TaughtBy | null> {
  return of("lessons", origin);
}

/** Whether `taught` is something else than the `lesson` that a payment here went well by. Its date alone does not tell: whoever writes the file writes dates too. */
export function isNews(taught: TaughtBy | null, lesson: TaughtBy | null): boolean {
  return taught !== null && (taught.at !== lesson?.at || JSON.stringify(taught.hosts) !== JSON.stringify(lesson.hosts));
}

async function of<Value>(kind: keyof Memory, origin: string): Promise<Value | null> {
  const known = (await chrome.storage.local.get<Record<string, Record<string, Value>>>(kind))[kind] ?? {};
  return Object.hasOwn(known, origin) ? (known[origin] ?? null) : null;
}

const WORKED: Partial<Record<Outcome, Mode>> = { filled: "direct", submitted: "surrogate", challenge_required: "surrogate" };

/** Whether the person chose to show the number this time, for want of another way: that says nothing about the next time. */
function thisTimeOnly({ cover }: Pick<Release, "cover">): boolean {
  return cover !== null && cover.picked && cover.keyId === null;
}

/** Remember how a release was paid, if it was. The shop paid longest ago is forgotten first. */
export async function rememberMode(release: Pick<Release, "decision" | "cover">, outcome: Outcome): Promise<void> {
  const { decision, cover } = release;
  const mode = WORKED[outcome];
  if (!decision || mode !== decision.mode || thisTimeOnly(release)) return;
  const { origin } = decision.seen;
  const { modes = {}, lessons = {} } = await chrome.storage.local.get<Memory>(["modes", "lessons"]);
  const taught = mode === "surrogate" ? cover?.taught : null;
  await chrome.storage.local.set({ modes: renewed(modes, origin, mode), ...(taught ? { lessons: renewed(lessons, origin, taught) } : {}) });
}

function renewed<Value>(known: Record<string, Value>, origin: string, value: Value): Record<string, Value> {
  const others = Object.entries(known).filter(([other]) => other !== origin);
  return Object.fromEntries([...others, [origin, value] as const].slice(-MOST_SHOPS));
}
