// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { meaningOf } from "../../forms/engine/lexicon";
import { sensesOf } from "../../forms/engine/rules";
import { identifierWords, normalise } from "../../forms/engine/text";
import { typesOf } from "./page";

const NUMBER = "<label>Card number <input></label>";
const CODE = "<label>CVV <input></label>";

describe("words without seams are read", () => {
  it.each([
    ["numerodetarjeta", "cc-number"], ["expirymonth", "cc-exp-month"], ["mesdevencimiento", "cc-exp-month"], ["cardverificationnumber", "cc-csc"],
    ["nameoncard", "cc-name"], ["sonkullanmatarihi", "cc-exp"], ["cardexpirymonth", "cc-exp-month"], ["cvvnumber", "cc-csc"],
  ])("the identifier %s", (identifier, type) => expect(strongest(identifierWords(identifier))).toBe(type));

  it.each([
    ["Debitkartennummer", "cc-number"], ["Verfallsmonat", "cc-exp-month"], ["Utløpsmåned", "cc-exp-month"], ["Utgångsår", "cc-exp-year"],
    ["Kreditkorttype", "cc-type"], ["Bankkaartnummer", "cc-number"], ["Kontrollnummer", "cc-csc"],
  ])("the compound %s", (label, type) => expect(strongest(normalise(label))).toBe(type));

  it("two parts that repeat a letter are a month and a year in any language, three say nothing", () => {
    expect(strongest(normalise("Gültig bis (MM/JJ)"))).toBe("cc-exp");
    expect(strongest(normalise("Voimassaolo (KK/VV)"))).toBe("cc-exp");
    expect(strongest(normalise("gg/mm/aaaa"))).toBeUndefined();
  });
});

describe("another card is told from one that pays", () => {
  it.each([
    ["by its label, whatever the box is named", "<label>Numéro de carte cadeau <input name=numero_carte></label><label>Code de sécurité <input maxlength=4></label>"],
    ["by the heading over it", "<h3>Redeem a gift card</h3><label>Card number <input name=card_number></label><label>Expiration date <input name=exp placeholder=MM/YY></label>"],
    ["by what ends", "<label>Passport number <input></label><label>Passport expiry date <input name=expiry></label>"],
    ["when its only code is a PIN", "<label>EBT card number <input></label><label>PIN <input type=password maxlength=4></label>"],
    ["when a name repeats the label and nothing pays", "<label>Card name <input name=cardname></label><label>Card number <input name=cardnumber></label>"],
  ])("%s", (_how, html) => expect(cardTypes(html)).toEqual([]));

  it("but a heading counts for nothing where a code that only cards have stands", () => {
    expect(cardTypes(`<h3>Gift card or credit card</h3>${NUMBER}${CODE}`)).toEqual(["cc-number", "cc-csc"]);
  });
});

describe("a date with its day is no card's", () => {
  const days = list(1, 31);
  it.each([
    ["day first", `Passport expiry <select>${days}</select><select>${list(1, 12)}</select><select>${list(2026, 2038)}</select>`, 0],
    ["year first", `生年月日 <select>${list(1990, 2012)}</select>年<select>${list(1, 12)}</select>月<select>${days}</select>日`, 0],
    ["without a year", "ご希望日 <input maxlength=2>月<input maxlength=2>日", 0],
  ])("%s", (_order, html) => {
    expect(cardTypes(`${html}${NUMBER}${CODE}`)).toEqual(["cc-number", "cc-csc"]);
  });

  it("and the card's own expiry beside it stays", () => {
    const html = `<select>${days}</select><select>${list(1, 12)}</select><select>${list(2026, 2038)}</select>${NUMBER}Expires <select>${list(1, 12)}</select><select>${list(2026, 2038)}</select>${CODE}`;
    expect(cardTypes(html)).toEqual(["cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"]);
  });
});

describe("lists say what they are for", () => {
  it.each([
    ["years that fall back are no expiry", `<label>Year <select>${falling(2024, 2006)}</select></label>`],
    ["a few counts are no year", `<label>Years <select>${list(1, 9)}</select></label>`],
    ["a room's type is no card's", "<label>Room type <select><option>Single<option>Double</select></label>"],
    ["a visa among papers is no brand", "<label>Document type <select><option>Passport<option>National ID<option>Visa</select></label>"],
    ["kept cards are no brands", "<select><option>Visa ending in 1111<option>Add a new card</select>"],
    ["a list of several choices is no card's type", "<label>Accepted cards <select multiple><option>Visa<option>Mastercard</select></label>"],
  ])("%s", (_what, html) => expect(cardTypes(`${NUMBER}${html}${CODE}`)).toEqual(["cc-number", "cc-csc"]));
});

it("each label of a control is heard by itself", () => {
  expect(typesOf(`<form><label for=a>Full name</label><input id=a><input placeholder=Street><label for=a>Accepted cards</label>${NUMBER}${CODE}</form>`)[0]).toBe("name");
});

it("new-password keeps browsers away and names nothing", () => {
  expect(cardTypes(`${NUMBER}<input type=password autocomplete=new-password placeholder="Security code">`)).toEqual(["cc-number", "cc-csc"]);
});

it("of two plain numbers the first is the card's", () => {
  expect(cardTypes(`<label>Number <input></label><label>Expires <input type=month></label>${CODE}<label>Number <input></label>`)).toEqual(["cc-number", "cc-exp", "cc-csc"]);
});

it("beside a card number the number of a card that is not understood is another's", () => {
  expect(typesOf(`<form><label>Zorblax card number <input></label>${NUMBER}${CODE}</form>`)).toEqual([null, "cc-number", "cc-csc"]);
});

it("a plain date near a card that has its expiry is another's", () => {
  expect(cardTypes(`<input type=date>${NUMBER}<input placeholder=MM/YY>${CODE}`)).toEqual(["cc-number", "cc-exp", "cc-csc"]);
});

it("Credit card over the first field is a heading, and over a box without a name its number", () => {
  expect(cardTypes(`<p>Credit card</p><input name=fullname>${NUMBER}${CODE}`)).toEqual(["cc-name", "cc-number", "cc-csc"]);
  expect(cardTypes(`<label>Credit card <input></label><label>Expires <input></label>${CODE}`)).toEqual(["cc-number", "cc-exp", "cc-csc"]);
});

it("after a month a box with a repeated letter is the year in any language", () => {
  expect(cardTypes(`${NUMBER}<input placeholder=MM><input placeholder=ÉÉ>${CODE}`)).toEqual(["cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"]);
});

it("MM/YY before two short boxes is their month and their year", () => {
  expect(cardTypes(`${NUMBER}<p>ММ/РР</p><input maxlength=2> / <input maxlength=2>${CODE}`)).toEqual(["cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"]);
});

it("a plain number at the head of the card is its number, though the sure field is far", () => {
  const html = "<input placeholder=Number><input placeholder='Full name'><input placeholder=MM><input placeholder=YYYY><input placeholder=CVC>";
  expect(cardTypes(html)).toEqual(["cc-number", "cc-name", "cc-exp-month", "cc-exp-year", "cc-csc"]);
});

it.each(["querySelectorAll", "createTreeWalker", "getElementById"])("a form called %s stands in front of the document's and stops nothing", (name) => {
  expect(typesOf(`<form name=${name}><span id=t>Card number</span><input aria-labelledby=t>Expires <input>${CODE}</form>`)).toEqual(["cc-number", "cc-exp", "cc-csc"]);
});

function cardTypes(html: string): (string | null)[] {
  return typesOf(`<form>${html}</form>`).filter((type) => type?.startsWith("cc-"));
}

function strongest(words: string): string | undefined {
  return [...sensesOf(meaningOf(words))].sort((one, other) => other[1] - one[1])[0]?.[0];
}

function list(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, at) => `<option>${from + at}</option>`).join("");
}

function falling(from: number, to: number): string {
  return Array.from({ length: from - to + 1 }, (_, at) => `<option>${from - at}</option>`).join("");
}
