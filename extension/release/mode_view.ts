/** What the popup says about how a page is paid: who sees the number, what else is possible, and what changed. Pure. */
import { type Cover, type Mode, mustPick } from "./mode";
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
    sentence: SENTENCES[shown],
    note: cover && noteOf(cover, target?.origin ?? ""),
    warnings: cover ? warningsOf(shown, cover) : [],
    other: cover?.keyId ? (shown === "direct" ? "surrogate" : "direct") : null,
    mustPick: mustPick({ cover }),
  };
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

function warningsOf(mode: Mode, { keyId, before, debugged, picked }: Cover): string[] {
  const changed = mode === "direct" && before === "surrogate" ? ["Last time this shop was paid without seeing the number. This time it would see it."] : [];
  const needless = mode === "direct" && before === "direct" && keyId !== null && !picked ? ["This shop saw the number before. It can now be paid without seeing it."] : [];
  const watched = mode === "surrogate" && debugged ? ["Another program is debugging this tab. It cannot see the number, but it can change what the page does."] : [];
  return [...changed, ...needless, ...watched];
}
