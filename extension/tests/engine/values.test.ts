// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { readControls } from "../../forms/engine/read";
import type { FieldType } from "../../forms/engine/rules";
import { splitNumber, textsFor } from "../../forms/engine/values";
import { card, page } from "./page";

function first(html: string, type: FieldType, lang = "en"): string | undefined {
  return textsFor(type, readControls(page(html, lang))[0]!, card)[0];
}

describe("an expiry is written as the field wants it", () => {
  it.each([
    ["<input>", "03/31"], ["<input placeholder='MM / YY'>", "03 / 31"], ["<input placeholder='MM/YYYY'>", "03/2031"], ["<input placeholder='MM-YY'>", "03-31"],
    ["<input placeholder='MM/AAAA'>", "03/2031"], ["<input placeholder='JJJJ-MM'>", "2031-03"], ["<input placeholder='12/2029'>", "03/2031"],
    ["<input maxlength=4>", "0331"], ["<input maxlength=5>", "03/31"], ["<input maxlength=6>", "032031"], ["<input maxlength=7>", "03/2031"],
    ["<input pattern='[0-9]{2}-[0-9]{2}'>", "03-31"], ["<input type=month>", "2031-03"], ["<input type=date>", "2031-03-31"],
    ["<input placeholder='۰۱/۰۵'>", "۰۳/۳۱"],
  ])("%s as %s", (html, text) => expect(first(html, "cc-exp")).toBe(text));
});

describe("a month is chosen", () => {
  it.each([
    ["by its number", "<option value=''>Month<option value=m3>03", "m3", "en"],
    ["by a leading number", "<option>02 - February<option value=x>03 - March", "x", "en"],
    ["by its name", "<option value=a>February<option value=b>March", "b", "en"],
    ["by its name in the page's language", "<option value=a>febrero<option value=b>marzo", "b", "es"],
    ["by a short name in the page's language", "<option value=a>Févr.<option value=b>Mars", "b", "fr"],
    ["in the page's digits", "<option value=a>۰۲<option value=b>۰۳", "b", "fa"],
    ["counted from zero", `<option value=''>${[..."ABCDEFGHIJKL"].map((letter, month) => `<option value=${month}>${letter}`).join("")}`, "2", "en"],
  ])("%s", (_how, options, value, lang) => expect(first(`<select>${options}</select>`, "cc-exp-month", lang)).toBe(value));
  it("counted from zero in a box", () => expect(first("<input type=number min=0 max=11>", "cc-exp-month")).toBe("2"));
});

describe("a year is chosen", () => {
  it.each([["2030", "2031", "2031"], ["30", "31", "31"], ["2573", "2574", "2574"]])("from %s and %s", (one, two, value) => {
    expect(first(`<select><option>${one}<option>${two}</select>`, "cc-exp-year")).toBe(value);
  });
  it.each([["<input maxlength=2>", "31"], ["<input maxlength=4>", "2031"], ["<input placeholder=YY>", "31"], ["<input placeholder=YYYY>", "2031"]])("for %s", (html, text) => {
    expect(first(html, "cc-exp-year")).toBe(text);
  });
  it("and none when the card's year is not offered", () => expect(first("<select><option>2029</select>", "cc-exp-year")).toBeUndefined());
});

it("a brand is chosen by what the option says or is worth", () => {
  expect(first("<select><option value=1>MasterCard<option value=2>Visa</select>", "cc-type")).toBe("2");
  expect(first("<select><option value=MC>Eurocard<option value=VI>Blue</select>", "cc-type")).toBe("VI");
});

it("a number is grouped only where the page demands it", () => {
  expect(first("<input>", "cc-number")).toBe("4111111111111111");
  expect(first(String.raw`<input pattern="\d{4} \d{4} \d{4} \d{4}">`, "cc-number")).toBe("4111 1111 1111 1111");
});

it("a split number fills every box, whatever its length", () => {
  expect(splitNumber("378282246310005", [4, 6, 5])).toEqual(["3782", "822463", "10005"]);
});
