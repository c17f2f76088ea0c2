// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { amountsIn, readAmount } from "../forms/amount";
const everywhere = () => true; // jsdom has no layout; visibility is tested in Chromium

function page(html: string): Document {
  document.body.innerHTML = html;
  return document;
}

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
