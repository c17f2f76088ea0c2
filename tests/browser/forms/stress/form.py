"""One form as it grows, and the parts of a card in their many shapes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html import escape

from tests.browser.forms.stress.layouts import FOR_ONE_INPUT, Layout, Row, stray_label
from tests.browser.forms.stress.names import MUTE, name_of
from tests.browser.forms.stress.words import CARD, CODE, CODE_HELP, DECOYS, EXPIRY, HOLDER, MONTH, NUMBER, YEAR

_KEY = {NUMBER: "number", EXPIRY: "exp", MONTH: "month", YEAR: "year", CODE: "code", HOLDER: "holder", "cc-type": "type"}
_BRANDS = ["Visa", "Mastercard", "American Express", "Discover"]
_DECOY_NAMES = {
    "gift": "giftCardNumber", "gift pin": "giftCardPin", "bank": "accountNumber", "otp": "otp", "birth": "dob", "loyalty": "loyaltyNumber",
    "coupon": "couponCode", "search": "q", "identity": "documentNumber", "sim": "reference",
}  # fmt: skip
_NUMBER_SHAPES = ("one", "one", "tel", "one", "digits", "four")
_NUMBER_INPUT = {"tel": "type=tel inputmode=numeric", "digits": "type=number"}
_EXPIRY_SHAPES = ("one", "one", "masked", "month", "date", "selects", "selects", "two rows", "two rows", "short inputs")
_EXPIRY_INPUT = {"month": "type=month", "date": "type=date", "masked": 'type=tel maxlength=7 placeholder="MM / YY"', "one": "type=text"}
_CODE_INPUTS = (
    "type=password maxlength=4", "type=tel maxlength=4", "type=text maxlength=3", "type=number", "type=text", "type=password",
)  # fmt: skip
_BOXED = (*MUTE, "camel", "snake", "japanese latin")


@dataclass
class Form:
    """A form; `expected` gains an entry for each control."""

    chance: random.Random
    language: str
    convention: str
    layout: Layout
    seed: str
    parts: list[str] = field(default_factory=list)
    expected: list[str | None] = field(default_factory=list)

    def words(self, token: str) -> str:
        return self.chance.choice(CARD[self.language][token])

    def input(self, token: str, extra: str = "type=text") -> str:
        control = f"<input {self._attributes(token, extra)}>"
        self.expected.append(token)
        return control

    def select(self, token: str, options: list[str], first: str = "") -> str:
        listed = "".join(f"<option value={value}>{text}</option>" for value, text in enumerate(options, start=1))
        heading = f"<option value=0>{escape(first)}</option>" if first else ""
        control = f"<select {self._attributes(token)}>{heading}{listed}</select>"
        self.expected.append(token)
        return control

    def row(self, words: str, control: str, *, note: str = "") -> None:
        layout = self.layout
        if layout in FOR_ONE_INPUT and (control.count("<input") != 1 or "<select" in control):
            layout = stray_label
        start = control.index('id="') + 4
        self.parts.append(layout(Row(words, control, control[start : control.index('"', start)], note)))

    def decoy(self, kind: str, words: str, extra: str = "type=text") -> None:
        place = len(self.expected)
        mute = self.convention in MUTE
        name = name_of(self.convention, kind, place, self.seed) if mute else _DECOY_NAMES[kind]
        self.expected.append(None)
        self.row(words, f'<input id="{self.seed}-d{place}" name="{name}" {extra}>')

    def html(self) -> str:
        return "<form>\n" + "\n".join(self.parts) + "\n<button>OK</button></form>"

    def _attributes(self, token: str, extra: str = "") -> str:
        place = len(self.expected)
        name = name_of(self.convention, _KEY.get(token, token), place, self.seed)
        identifier = f"{self.seed}-{place}" if self.convention in MUTE else name.replace("$", "_")
        return " ".join(filter(None, (f'id="{identifier}"', f'name="{name}"' if name else "", extra)))


def months(chance: random.Random) -> list[str]:
    """1 to 12, with or without zeros."""
    numbers = [f"{month:02}" for month in range(1, 13)]
    return chance.choice((numbers, [str(int(number)) for number in numbers]))


def number(form: Form) -> None:
    """The number, in one box or in four."""
    shape = form.chance.choice(_NUMBER_SHAPES)
    if shape == "four" and form.convention in _BOXED:
        hidden = form.chance.choice(("text", "password"))
        boxes = [form.input(NUMBER, f"type={kind} maxlength=4") for kind in ("text", hidden, hidden, "text")]
        form.row(form.words(NUMBER), form.chance.choice((" ", " - ", "")).join(boxes))
        return
    form.row(form.words(NUMBER), form.input(NUMBER, _NUMBER_INPUT.get(shape, "type=text maxlength=19")))


def expiry(form: Form) -> None:
    """The expiry, as one control or as two."""
    shape = form.chance.choice(_EXPIRY_SHAPES)
    if shape in _EXPIRY_INPUT:
        twice = shape == "masked" and form.layout.__name__ == "placeholder"
        form.row(form.words(EXPIRY), form.input(EXPIRY, "type=tel maxlength=7" if twice else _EXPIRY_INPUT[shape]))
    elif shape == "short inputs":
        long = form.chance.choice((2, 4))
        halves = (form.input(MONTH, "type=text maxlength=2 size=2"), form.input(YEAR, f"type=text maxlength={long} size=4"))
        form.row(form.words(EXPIRY), " / ".join(halves))
    elif shape == "selects":
        first = form.chance.random() < 0.5
        month = form.select(MONTH, months(form.chance), form.words(MONTH) if first else "")
        form.row(form.words(EXPIRY), f"{month} {form.select(YEAR, _years(form.chance), form.words(YEAR) if first else '')}")
    else:
        form.row(form.words(MONTH), form.select(MONTH, months(form.chance)))
        form.row(form.words(YEAR), form.select(YEAR, _years(form.chance)))


def code(form: Form) -> None:
    """The security code, sometimes with help beside it."""
    note = CODE_HELP.get(form.language, "") if form.chance.random() < 0.4 else ""
    form.row(form.words(CODE), form.input(CODE, form.chance.choice(_CODE_INPUTS)), note=note)


def holder(form: Form) -> None:
    """The name on the card."""
    form.row(form.words(HOLDER), form.input(HOLDER))


def brand(form: Form) -> None:
    """The card type; in most languages only its options say so."""
    form.row("Card type" if form.language == "en" else "", form.select("cc-type", _BRANDS))


def decoy(form: Form) -> None:
    """A field that is no part of the card, in the form's language where we have one."""
    kind = form.chance.choice(("gift", "coupon", "otp", "birth", "loyalty", "identity", "search", "bank"))
    words = DECOYS[kind].get(form.language) or DECOYS[kind]["en"]
    form.decoy(kind, form.chance.choice(words), "type=search" if kind == "search" else "type=text")


def _years(chance: random.Random) -> list[str]:
    return [str(year) for year in range(2026, 2026 + chance.choice((8, 11, 16)))]
