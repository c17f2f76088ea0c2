import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { meaningOf } from "../../forms/engine/lexicon";
import { sensesOf } from "../../forms/engine/rules";
import { asciiDigits, identifierWords, normalise } from "../../forms/engine/text";

const said = (text: string): string[] => sensesOf(meaningOf(normalise(text))).map(([type]) => type);
const called = (name: string): string[] => sensesOf(meaningOf(identifierWords(name))).map(([type]) => type);

it("the compiled terms are those of the language files", () => {
  execFileSync(process.execPath, [fileURLToPath(new URL("../../scripts/languages.mjs", import.meta.url)), "--check"]);
});

describe("one spelling for what people read as the same word", () => {
  it.each([["Número", "numero"], ["KREDİ KARTI", "kredi karti"], ["ＣＡＲＤ", "card"], ["Größe", "grosse"], ["۱۲۳۴", "1234"], ["٠٥", "05"], ["カード", "カード"]])("%s", (text, plain) => {
    expect(normalise(text)).toBe(plain);
  });
  it("digits of every script count", () => expect(asciiDigits("१२ ๓๔ ５６")).toBe("12 34 56"));
});

describe("words in any order", () => {
  it.each([
    ["Number of your credit card", "cc-number"], ["Nº de la tarjeta", "cc-number"], ["3 digits on back of card", "cc-csc"], ["Card's expiry", "cc-exp"],
    ["Name as it appears on card", "cc-name"], ["信用卡背面後三碼", "cc-csc"], ["有効期限（月/年）", "cc-exp"],
  ])("%s", (text, type) => expect(said(text)).toContain(type));
});

describe("names that programmers give", () => {
  it.each([
    ["txtCardNum", "cc-number"], ["numerotarjeta", "cc-number"], ["nombretarjeta", "cc-name"], ["inpcvv", "cc-csc"], ["expmonth", "cc-exp-month"],
    ["cc_exp_yr", "cc-exp-year"], ["cardownername", "cc-name"], ["dataScadenza", "cc-exp"],
  ])("%s", (name, type) => expect(called(name)).toContain(type));
});

it.each(["Gift card number", "Geschenkkartennummer", "Loyalty card number", "IBAN", "Date of birth", "Promo code", "رمز دوم"])("%s names no card number", (text) => {
  const strongest = sensesOf(meaningOf(normalise(text))).filter(([type]) => type.startsWith("cc-") && type !== "cc-number");
  expect(strongest).toEqual([]);
  expect(said(text).some((type) => ["gift", "loyalty", "bank", "birth", "coupon", "otp"].includes(type))).toBe(true);
});
