/** Words written by an agent or a page are data: made harmless once more before they are shown. Twin of broker/core/text.py. */

export const PURPOSE_MAX = 300;

const PASSES = 4;

/** `text` on one line, without markup, control, bidirectional or invisible characters, cut to `limit` characters. What is plain already stays as it is. */
export function plainText(text: string, limit = PURPOSE_MAX): string {
  const line = fixed(text);
  const characters = [...line];
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join("").trimEnd()}…`;
}

/**
 * Passes until nothing changes: what one takes away may leave markup, or a letter and its accent, side by side.
 * Words that are still markup after a few are nested to no good end: then no bracket stays, and the time stays linear.
 */
function fixed(text: string): string {
  for (let passes = 0; passes < PASSES; passes += 1) {
    const line = pass(text);
    if (line === text) return line;
    text = line;
  }
  return pass(pass(text.replace(/[<>]/gu, " ")));
}

function pass(text: string): string {
  return text
    .replace(/<[^<>]{0,500}>/gu, " ")
    .normalize("NFC")
    .replace(/[\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .split(/\p{White_Space}+/u)
    .filter((word) => word !== "")
    .join(" ");
}
