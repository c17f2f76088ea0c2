/** What an outcome means to a person: done, look here, refused, or merely over. Pure. */
import type { Outcome } from "../protocol/messages";

/** done (green ✓), look (amber !), bad (red ✕), open (grey ·), over (grey –): each has a word beside its colour. */
export type Meaning = "done" | "look" | "bad" | "open";

const DONE: Outcome[] = ["filled", "submitted"];
const LOOK: Outcome[] = [
  "field_rejected",
  "passkey_required",
  "extension_offline",
  "challenge_required",
  "may_have_been_charged",
  "swap_not_seen",
  "egress_unavailable",
];
const OVER: Outcome[] = ["denied", "stopped", "withdrawn", "expired", "no_tab", "ambiguous_tab", "tab_closed", "no_form", "interrupted"];

export function meaningOf(outcome: Outcome): Meaning | "over" {
  if (DONE.includes(outcome)) return "done";
  if (LOOK.includes(outcome)) return "look";
  return OVER.includes(outcome) ? "over" : "bad";
}
