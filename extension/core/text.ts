/** Words written by an agent or a page are data: made harmless once more before they are shown. Twin of broker/core/text.py. */

export const PURPOSE_MAX = 300;

/** `text` on one line, without markup, control, bidirectional or invisible characters, cut to `limit` characters. */
export function plainText(text: string, limit = PURPOSE_MAX): string {
  const line = text
    .replace(/<[^<>]{0,500}>/gu, " ")
    .normalize("NFC")
    .replace(/[\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .split(/\p{White_Space}+/u)
    .filter((word) => word !== "")
    .join(" ");
  const characters = [...line];
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join("").trimEnd()}…`;
}
