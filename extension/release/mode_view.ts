/** What the popup says about how a page is paid: who sees the number, what else is possible, and what changed. Pure. */
import { plainText } from "../core/text";
import { type Cover, type Mode, mustLook, mustPick } from "./mode";
import type { Release } from "./release";

export interface ModeView {
  mode: Mode;
  /** Who sees the number. */
  sentence: string;
  /** Why nothing else is possible, or what a person can do about it. */
  note: string | null;
  /** What is unlike before, or needs a look. */
  warnings: string[];
  /** The mode that may be chosen instead. */
  other: Mode | null;
  /** Nothing can be approved before the person has chosen. */
  mustPick: boolean;
}

export const SENTENCES: Record<Mode, string> = {
  surrogate: "The page will not see the number.",
  direct: "This page, and an agent that reads it, will see the number.",
};

export function modeView({ mode, cover, target, decision }: Pick<Release, "mode" | "cover" | "target" | "decision">): ModeView {
  const shown = decision?.mode ?? mode;
  return {
    mode: shown,
    sentence: sentenceOf(shown, cover),
    note: cover && noteOf(cover, target?.origin ?? ""),
    warnings: cover ? warningsOf(shown, cover) : [],
    other: cover?.keyId ? (shown === "direct" ? "surrogate" : "direct") : null,
    mustPick: mustPick({ cover }),
  };
}

function sentenceOf(mode: Mode, cover: Cover | null): string {
  if (mode === "direct" || !cover?.taught) return SENTENCES[mode];
  const { by, at } = cover.taught;
  return `${SENTENCES[mode]} It goes to ${placesOf(cover)}, as ${plainText(by, 40)} taught on ${dayOf(at)}.`;
}

const MOST_PLACES = 3;

function placesOf({ taught }: Cover): string {
  const hosts = taught?.hosts ?? [];
  const more = hosts.length - MOST_PLACES;
  return hosts.slice(0, MOST_PLACES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function dayOf(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

function noteOf({ verdict }: Cover, origin: string): string | null {
  switch (verdict) {
    case "unknown":
      return `LedgerOS does not know how this checkout pays. To keep the number from it, teach it once: ledgeros teach ${origin}`;
    case "client_side_encrypted":
      return "This checkout encrypts the card inside the page, so the number has to be shown to it.";
    case "egress_unavailable":
      return "The process that keeps the number from pages is not running. Start it with ledgeros up.";
    case "key_unknown":
      return "LedgerOS does not know the key that keeps the number from pages. Enrol it with ledgeros egress enrol.";
    case "covered":
    case "no_egress":
      return null;
  }
}

function warningsOf(mode: Mode, cover: Cover): string[] {
  const { keyId, before, debugged, picked } = cover;
  const changed = mode === "direct" && before === "surrogate" ? ["Last time this shop was paid without seeing the number. This time it would see it."] : [];
  const needless = mode === "direct" && before === "direct" && keyId !== null && !picked ? ["This shop saw the number before. It can now be paid without seeing it."] : [];
  const watched = mode === "surrogate" && debugged ? ["Another program is debugging this tab. It cannot see the number, but it can change what the page does."] : [];
  const taught = mustLook({ mode, cover }) ? [`This checkout was taught since it was last paid here. Approve only if the number may go to ${placesOf(cover)}.`] : [];
  return [...changed, ...needless, ...watched, ...taught];
}
