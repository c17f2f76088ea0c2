// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { classify, fieldType } from "../../forms/engine/classify";
import { explain } from "../../forms/engine/explain";
import { page, typesOf } from "./page";

const NUMBER = "<label>Card number <input></label>";

describe("a label is found", () => {
  it.each([
    ["by for", '<label for=a>CVV</label><input id=a>'],
    ["around the control", "<label>CVV <input></label>"],
    ["by aria-label", "<input aria-label=CVV>"],
    ["by aria-labelledby", "<span id=t>CVV</span><input aria-labelledby=t>"],
    ["in the cell before", "<table><tr><td>CVV</td><td><input></td></tr></table>"],
    ["in the column's heading", "<table><tr><th>CVV</th></tr><tr><td><input></td></tr></table>"],
    ["in the text before", "<p>CVV</p><p><input></p>"],
    ["after the control in their common box", "<div><input><span>CVV</span></div>"],
    ["in the placeholder", "<input placeholder=CVV>"],
    ["in the name", "<input name=cardCvv>"],
    ["in a glued id", "<input id=inpcvv>"],
  ])("%s", (_where, html) => expect(typesOf(`<form>${NUMBER}${html}</form>`)).toEqual(["cc-number", "cc-csc"]));
});

describe("an expiry is read", () => {
  it.each([
    ["as one field", "<input placeholder='MM/YY'>", ["cc-exp"]],
    ["as two halves under one label", "Valid thru <input maxlength=2> / <input maxlength=2>", ["cc-exp-month", "cc-exp-year"]],
    ["as selects called Month and Year", `<select name=Month>${options(1, 12)}</select><select name=Year>${options(2026, 2036)}</select>`, ["cc-exp-month", "cc-exp-year"]],
    ["as a month input", "<label>Expires <input type=month></label>", ["cc-exp"]],
    ["as a date input", "<label>Expires <input type=date></label>", ["cc-exp"]],
  ])("%s", (_how, html, types) => expect(typesOf(`<form>${NUMBER}${html}<label>CVV <input></label></form>`)).toEqual(["cc-number", ...types, "cc-csc"]));
});

describe("what only looks like a card stays alone", () => {
  it.each([
    ["a gift card", "<label>Gift card number <input></label><label>PIN <input></label>"],
    ["a membership card", "<label>Membership card number <input></label>"],
    ["a bank account", "<label>Account number <input></label><label>Sort code <input></label>"],
    ["a code that was sent", "<label>Verification code <input></label>"],
    ["a birthday", `Date of birth <select name=month>${options(1, 12)}</select><select name=year>${options(1930, 2010)}</select>`],
    ["a sign-in by card number", "<label>Card number <input></label><label>Password <input type=password></label>"],
    ["a passport", "<label>Passport number <input></label><label>Expiry date <input></label>"],
  ])("%s", (_what, html) => expect(typesOf(`<form>${html}</form>`).filter((type) => type?.startsWith("cc-"))).toEqual([]));

  it("a birthday beside a card", () => {
    const html = `<form>Date of birth <select name=month>${options(1, 12)}</select><select name=year>${options(1930, 2010)}</select>${NUMBER}<label>CVV <input></label></form>`;
    expect(typesOf(html)).toEqual([null, null, "cc-number", "cc-csc"]);
  });
  it("a captcha beside a security code", () => {
    expect(typesOf(`<form>${NUMBER}<label>CVV <input name=cvv></label><label>Security code <input></label></form>`)).toEqual(["cc-number", "cc-csc", null]);
  });
});

it("a number in four boxes, two of them hidden, is one number", () => {
  const boxes = "<input maxlength=4><input maxlength=4 type=password><input maxlength=4 type=password><input maxlength=4>";
  expect(typesOf(`<form>Card number ${boxes} <label>CVV <input></label></form>`)).toEqual([..."1111"].map(() => "cc-number").concat("cc-csc"));
});

it("a plain Name among a card's fields is the holder's, and elsewhere it is not", () => {
  expect(typesOf(`<form><label>Name <input></label>${NUMBER}<label>CVV <input></label></form>`)[0]).toBe("cc-name");
  expect(typesOf(`<form><label>Name <input></label><label>Street <input></label>${NUMBER}<label>CVV <input></label></form>`)[0]).toBe("name");
});

it("billing fields are told apart from the card's", () => {
  expect(typesOf(`<form><label>Street <input></label><label>City <input></label><label>ZIP code <input></label></form>`)).toEqual(["address-line1", "address-level2", "postal-code"]);
});

it("a control inside an open shadow root is read there", () => {
  const root = page("<div id=host></div>").getElementById("host")!.attachShadow({ mode: "open" });
  root.innerHTML = `${NUMBER}<label>CVV <input></label>`;
  expect(classify(root).map(fieldType)).toEqual(["cc-number", "cc-csc"]);
});

it("a decision explains itself, strongest signal first, and never tells what was typed", () => {
  page(`<form>${NUMBER}<label>CVV <input name=cvv></label></form>`);
  document.querySelector<HTMLInputElement>("[name=cvv]")!.value = "737";
  const told = explain(document);
  expect(told[1]?.signals[0]?.because).toBe("label: cvv");
  expect(told.map(({ type, hidden }) => [type, hidden])).toEqual([["cc-number", "not displayed"], ["cc-csc", "not displayed"]]); // jsdom has no layout
  expect(JSON.stringify(told)).not.toContain("737");
});

function options(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, place) => `<option>${first + place}</option>`).join("");
}
