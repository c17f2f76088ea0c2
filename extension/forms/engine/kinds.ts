/**
 * Which element can hold which type, whatever it is called.
 */

import type { Control } from "./read";
import type { Kind } from "./rules";

const TYPED: ReadonlySet<string> = new Set(["text", "tel", "number", "password", "search", "url"]);
const WRITTEN: ReadonlySet<string> = new Set(["text", "search"]);

/** Whether the control can hold a value of the type. */
export function canHold({ element, kind, options }: Control, type: Kind): boolean {
  switch (type) {
    case "cc-number":
    case "cc-csc":
      return TYPED.has(kind) && kind !== "search" && kind !== "url";
    case "cc-name":
      return WRITTEN.has(kind);
    case "cc-type":
      return kind === "select" ? !(element as HTMLSelectElement).multiple : kind === "text";
    case "cc-exp":
      return kind === "month" || kind === "date" || kind === "text" || kind === "tel" || kind === "number" || kind === "password" || kind === "select";
    case "cc-exp-month":
    case "cc-exp-year":
    case "month":
    case "year":
      return kind === "select" ? options === null || (!options.days && !options.pastYears && !options.counted) : TYPED.has(kind);
    default:
      return true;
  }
}
