// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { planBeside } from "../../forms/engine/beside";
import { startFill } from "../../forms/engine/fill";
import { groupFrames, offerOf, valuesFor, withBilling } from "../../forms/engine/frames";
import { planDocument } from "../../forms/engine/plan";
import type { FieldType } from "../../forms/engine/rules";
import { card, everywhere, page } from "./page";

const always = (): boolean => true;
const fill = (values = card) => startFill(planDocument(document, everywhere), values, everywhere);

it("a plan holds one form's fields, each once", () => {
  page("<form id=a><input name=coupon><input name=cvc></form><form id=b><input name=cardnumber><input name=exp><input name=cvc></form>");
  expect(planDocument(document, everywhere).map(({ type, controls }) => [type, controls[0]?.form?.id])).toEqual([["cc-number", "b"], ["cc-exp", "b"], ["cc-csc", "b"]]);
});

it("there is no plan without a number, for what cannot be written, and for what nobody sees", () => {
  page("<input name=cvc><input name=exp>");
  expect(planDocument(document, everywhere)).toEqual([]);
  page("<input name=cardnumber disabled><input name=cardnumber readonly><input name=exp><input name=cvc>");
  expect(planDocument(document, everywhere)).toEqual([]);
  page("<input name=cardnumber><input name=exp><input name=cvc>");
  expect(planDocument(document, () => false)).toEqual([]);
});

it("the page is told by events, in the order of an edit", () => {
  page("<form><input name=cardnumber><input name=cvc></form>");
  const seen: string[] = [];
  for (const input of document.querySelectorAll("input")) for (const type of ["focus", "input", "change", "blur"]) input.addEventListener(type, () => seen.push(`${input.name} ${type}`));
  fill();
  expect(seen).toEqual(["cardnumber", "cvc"].flatMap((name) => ["focus", "input", "change", "blur"].map((type) => `${name} ${type}`)));
});

it("a mask that groups the digits keeps the value", async () => {
  page("<input name=cardnumber><input name=cvc>").querySelector("input")!.addEventListener("input", (event) => {
    const input = event.target as HTMLInputElement;
    input.value = input.value.replace(/\D/g, "").replace(/(.{4})(?=.)/g, "$1 ");
  });
  expect(await fill().finish(always)).toEqual([{ type: "cc-number", kept: true }, { type: "cc-csc", kept: true }]);
});

it("a field that listens to keys alone is typed into", async () => {
  const input = page("<input name=cardnumber><input name=cvc>").querySelector("input")!;
  let typed = "";
  input.addEventListener("keydown", (event) => (typed += (event as KeyboardEvent).key));
  input.addEventListener("blur", () => (input.value = typed));
  expect((await fill().finish(always))[0]).toEqual({ type: "cc-number", kept: true });
});

it("a field that refuses every way is named, never its value", async () => {
  const input = page("<input name=cardnumber><input name=cvc>").querySelector<HTMLInputElement>("[name=cvc]")!;
  input.addEventListener("blur", () => (input.value = ""));
  expect(await fill().finish(always)).toEqual([{ type: "cc-number", kept: true }, { type: "cc-csc", kept: false }]);
});

it("nothing is written again once the page is another one", async () => {
  const input = page("<input name=cardnumber><input name=cvc>").querySelector<HTMLInputElement>("[name=cvc]")!;
  let edits = 0;
  input.addEventListener("input", () => (edits += 1));
  input.addEventListener("blur", () => (input.value = ""));
  await fill().finish(() => false);
  expect(edits).toBe(1);
});

it("billing is written only when the release carries it", () => {
  page("<form><input name=cardnumber><input name=exp><input name=cvc><input name=cardholder><label>City <input id=city></label></form>");
  fill();
  expect(document.querySelector<HTMLInputElement>("#city")!.value).toBe("");
  fill({ ...card, billing: { city: "Utrecht" } });
  expect(document.querySelector<HTMLInputElement>("#city")!.value).toBe("Utrecht");
});

it("billing that somebody typed stays, and a state and a country are chosen by whichever word the page has", () => {
  const states = "<select id=s autocomplete=address-level1><option>Choose<option value=17>California<option value=18>Colorado</select>";
  const countries = "<select id=l autocomplete=country><option value=1>Canada<option value=2>United States</select>";
  page(`<form><input name=cardnumber><input name=exp><input name=cvc><label>City <input id=city></label>${states}${countries}<label>ZIP <input id=zip></label></form>`);
  document.querySelector<HTMLInputElement>("#city")!.value = "Elsewhere";
  fill({ ...card, billing: { city: "Sacramento", state: "CA", postalCode: "95814", country: "US" } });
  expect(["city", "s", "l", "zip"].map((id) => document.querySelector<HTMLInputElement>(`#${id}`)!.value)).toEqual(["Elsewhere", "17", "2", "95814"]);
});

it("a card type asked by radio buttons is chosen", () => {
  page("<form><label><input type=radio name=t value=mc>MasterCard</label><label><input type=radio name=t value=vi>Visa</label><input name=cardnumber><input name=cvc></form>");
  fill();
  expect(document.querySelector<HTMLInputElement>("[value=vi]")!.checked).toBe(true);
});

it("a holder asked by first and last name gets both", () => {
  page("<form><input name=cardnumber><input name=exp><input name=cvc><input name=firstname><input name=lastname></form>");
  fill();
  expect([...document.querySelectorAll("input")].slice(3).map((input) => input.value)).toEqual(["Ada", "Example"]);
});

describe("beside frames that take the number", () => {
  const beside = (given: FieldType[], text: string): string[] => {
    page(text);
    return planBeside(document, [...document.querySelectorAll("iframe")], given, everywhere).map(({ type, part }) => `${part} ${type}`);
  };
  const NAME = "<label>Name on card <input id=h></label>";

  it("the page keeps the holder's name, and an address when there is one", () => {
    expect(beside(["cc-number"], `<form><label>City <input></label>${NAME}<iframe></iframe></form>`)).toEqual(["card cc-name", "billing address-level2"]);
    expect(beside(["cc-number"], "<input autocomplete=cc-name><div><iframe></iframe></div>")).toEqual(["card cc-name"]);
  });
  it("it keeps nothing that a frame takes", () => {
    expect(beside(["cc-number", "cc-name"], `<form>${NAME}<iframe></iframe></form>`)).toEqual([]);
    expect(beside(["cc-number", "cc-exp"], "<form><input placeholder='Expiry month'><input placeholder='Expiry year'><iframe></iframe></form>")).toEqual([]);
    expect(beside(["cc-number"], "<form><input placeholder='Expiry month'><input placeholder='Expiry year'><iframe></iframe></form>")).toEqual(["card cc-exp-month", "card cc-exp-year"]);
  });
  it("it keeps no number, nothing that does not say what it is, and nothing of another form", () => {
    expect(beside(["cc-number"], "<form><label>Card number <input></label><label>Code <input></label><label>Name <input></label><iframe></iframe></form>")).toEqual(["billing name"]);
    expect(beside(["cc-number"], `<form>${NAME}</form><form><iframe></iframe></form>`)).toEqual([]);
    expect(beside(["cc-number"], "<form><label>Gift card number <input></label><label>Gift card PIN <input></label><iframe></iframe></form>")).toEqual([]);
  });
  it("the address goes to the page and to no frame", () => {
    const billing = { city: "Sacramento", country: "US" };
    expect(valuesFor(["cc-number"], { ...card, billing })).not.toHaveProperty("billing");
    expect(withBilling(valuesFor(["cc-csc"], card), { ...card, billing })).toMatchObject({ number: "", name: card.name, billing });
  });
  it("a document gets the values of its own types only", () => {
    expect(valuesFor(["cc-name"], card)).toEqual({ number: "", securityCode: "", month: 0, year: 0, name: card.name });
    expect(valuesFor(["family-name", "cc-type"], card)).toEqual({ number: "", securityCode: "", month: 0, year: 0, name: card.name, brand: "visa" });
  });
});

it("a frame says what it is for, and each frame of a form gets only its own", () => {
  page("<input aria-label='Security code'>");
  expect(offerOf(document, everywhere)).toEqual(["cc-csc"]);
  const groups = groupFrames([{ frame: "n", types: ["cc-number"] }, { frame: "c", types: ["cc-csc"] }, { frame: "again", types: ["cc-number"] }]);
  expect([...groups]).toEqual([["n", ["cc-number"]], ["c", ["cc-csc"]]]);
  expect(groupFrames([{ frame: "c", types: ["cc-csc"] }]).size).toBe(0);
});
