// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { amountsIn, readAmount } from "../forms/amount";
import { kindOf } from "../forms/fields";
import { fill } from "../forms/fill";
import { plan } from "../forms/plan";
import { scan } from "../forms/scan";
import { type CardValues, valueFor } from "../forms/values";

const card: CardValues = { number: "4111111111111111", securityCode: "737", month: 3, year: 2031, name: "ADA EXAMPLE" };
const everywhere = () => true; // jsdom has no layout; visibility is tested in Chromium

function page(html: string): Document {
  document.body.innerHTML = html;
  return document;
}

const described = (change: Partial<Record<"autocomplete" | "names" | "words", string>>) => kindOf({ autocomplete: "", names: "", words: "", ...change });

describe("a field is recognised", () => {
  it.each([
    ["section-a billing cc-number", "number"],
    ["cc-exp", "expiry"],
    ["cc-csc", "securityCode"],
  ])("by autocomplete %s", (autocomplete, kind) => expect(described({ autocomplete })).toBe(kind));

  it.each([
    ["cardNumber", "number"], ["cc_number", "number"], ["card-expiry", "expiry"], ["expMonth", "expiryMonth"], ["exp_year", "expiryYear"],
    ["cvv2", "securityCode"], ["cardCvc", "securityCode"], ["cardholder_name", "name"], ["ccname", "name"],
  ])("by its name %s", (names, kind) => expect(described({ names })).toBe(kind));

  it.each([
    ["Card number", "number"], ["Kartennummer", "number"], ["Numéro de carte", "number"], ["Número de tarjeta", "number"], ["カード番号", "number"],
    ["Security code", "securityCode"], ["Prüfziffer", "securityCode"], ["Cryptogramme", "securityCode"],
    ["Valid thru (MM/YY)", "expiry"], ["Gültig bis", "expiry"], ["Name on card", "name"], ["Karteninhaber", "name"], ["Expiration month", "expiryMonth"],
  ])("by its label %s", (words, kind) => expect(described({ words })).toBe(kind));

  it.each([
    { words: "Gift card number" }, { names: "giftCardNumber" }, { words: "Search" }, { words: "Promo code" }, { autocomplete: "one-time-code", names: "code" },
    { words: "Loyalty card number" }, { words: "Phone number" }, { words: "Postal code" }, { autocomplete: "email", names: "card_email" },
  ])("and not taken for one: %o", (decoy) => expect(described(decoy)).toBeNull());
});

describe("a plan", () => {
  it("holds one field of each kind, of the form with the number", () => {
    const found = plan(scan(page(`<form id=a><input name=coupon><input name=cvc></form><form id=b><input name=cardnumber><input name=exp><input name=cvc></form>`), everywhere));
    expect(found.map(({ kind, node }) => [kind, node.form?.id])).toEqual([["number", "b"], ["expiry", "b"], ["securityCode", "b"]]);
  });
  it("is empty without a field for the number", () => {
    expect(plan(scan(page(`<input name=cvc><input name=exp>`), everywhere))).toEqual([]);
  });
  it("leaves out what cannot be seen, written or is of another type", () => {
    expect(scan(page(`<input name=cardnumber disabled><input name=cardnumber readonly><input type=hidden name=cardnumber>`), everywhere)).toEqual([]);
    expect(scan(page(`<input name=cardnumber>`), () => false)).toEqual([]);
  });
  it("looks into open shadow roots", () => {
    page(`<div id=host></div>`).getElementById("host")!.attachShadow({ mode: "open" }).innerHTML = `<input name=cardnumber>`;
    expect(scan(document, everywhere)).toHaveLength(1);
  });
});

describe("an expiry is written as the field wants it", () => {
  const written = (html: string, kind: Parameters<typeof valueFor>[0] = "expiry") => valueFor(kind, page(html).querySelector("input, select")!, card);
  it.each([
    ["<input>", "03/31"], ["<input placeholder='MM / YY'>", "03 / 31"], ["<input placeholder='MM/YYYY'>", "03/2031"], ["<input placeholder='MM-YY'>", "03-31"],
    ["<input maxlength=4>", "0331"], ["<input maxlength=5>", "03/31"], ["<input maxlength=7>", "03/2031"], ["<input placeholder='MM/JJJJ'>", "03/2031"], ["<input type=month>", "2031-03"],
  ])("%s", (html, value) => expect(written(html)).toBe(value));
  it.each([
    ["<input maxlength=2>", "expiryYear", "31"], ["<input maxlength=4>", "expiryYear", "2031"], ["<input placeholder=YYYY>", "expiryYear", "2031"], ["<input>", "expiryMonth", "03"],
    ["<select><option value=''>Month<option value=3>03</select>", "expiryMonth", "3"], ["<select><option value=m3>March</select>", "expiryMonth", "m3"],
    ["<select><option value=x>03 - March</select>", "expiryMonth", "x"], ["<select><option>30<option>31</select>", "expiryYear", "31"], ["<select><option>2030</select>", "expiryYear", null],
  ] as const)("%s as %s", (html, kind, value) => expect(written(html, kind)).toBe(value));
});

describe("filling", () => {
  it("tells the page by events and reads back what it kept", () => {
    const seen: string[] = [];
    page(`<form><input name=cardnumber><input name=cvc></form>`).querySelectorAll("input").forEach((input) => {
      for (const type of ["input", "change", "blur"]) input.addEventListener(type, () => seen.push(`${input.name} ${type}`));
    });
    document.querySelector<HTMLInputElement>("[name=cvc]")!.addEventListener("change", (event) => ((event.target as HTMLInputElement).value = ""));
    const results = fill(plan(scan(document, everywhere)), card);
    expect(results).toEqual([{ kind: "number", kept: true }, { kind: "securityCode", kept: false }]);
    expect(seen).toEqual(["cardnumber input", "cardnumber change", "cardnumber blur", "cvc input", "cvc change", "cvc blur"]);
  });
  it("accepts a mask that groups the digits", () => {
    const input = page(`<input name=cardnumber>`).querySelector("input")!;
    input.addEventListener("input", () => (input.value = input.value.replace(/(.{4})(?=.)/g, "$1 ")));
    expect(fill(plan(scan(document, everywhere)), card)).toEqual([{ kind: "number", kept: true }]);
  });
});

describe("the amount a page names", () => {
  const read = (html: string, currency = "USD") => readAmount(page(html), currency, everywhere);
  it.each([
    ["<p>Total: $49.90</p>", 4990], ["<div><span>Order total</span><b>$1,234.50</b></div>", 123450], ["<table><tr><td>Total</td><td>USD 12</td></tr></table>", 1200],
    ["<p>Subtotal $40.00</p><p>Shipping $9.90</p><p>Grand total $49.90</p>", 4990], ["<button>Pay $49.90</button>", 4990],
    ["<p>Subtotal $40.00</p>", null], ["<p>Total</p><p>$10.00</p><p>$20.00</p>", null], ["<p>Total: €49.90</p>", null], ["<p>Total: 49.90</p>", null],
    ["<p>Total: $10.00</p><p>Total: $20.00</p>", null], ["<p>Nothing here</p>", null],
  ])("%s", (html, amount) => expect(read(html)).toBe(amount));
  it("is read in the currency's own form", () => {
    expect(read("<p>Gesamtbetrag 1.234,50 €</p>", "EUR")).toBe(123450);
    expect(read("<p>合計 ¥1,200</p>", "JPY")).toBe(1200);
    expect(amountsIn("CHF 1'234.50", "CHF")).toEqual([123450]);
  });
});
