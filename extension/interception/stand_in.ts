/** Finding the stand-in in what a page sends, in the simple forms that pages give a number. Pure. */

// What pages put between digits: blanks (also no-break, also escaped), hyphens, dots.
const SEPARATOR = String.raw`(?:[ \-+._\u00a0]|\xc2\xa0|%20|%2[bBdDeE]|%[cC]2%[aA]0|\\u00[aA]0)`;
const MOST_SEPARATORS = 3;

export class StandIn {
  #pattern: RegExp;

  /** `number`: 13 to 19 digits. */
  constructor(number: string) {
    const digits = [...number].map((digit) => `(?:${digit}|%3${digit})`);
    this.#pattern = new RegExp(digits.join(`${SEPARATOR}{0,${MOST_SEPARATORS}}`));
  }

  /** Whether `text` (an address, or bytes read as Latin-1 or UTF-8) holds the number: plain, spaced, dashed or percent-encoded. */
  isIn(text: string): boolean {
    return this.#pattern.test(text);
  }
}
