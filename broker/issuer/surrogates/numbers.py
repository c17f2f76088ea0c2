"""The digits of a stand-in: same BIN, length and last four as the card, Luhn-valid, of the range that is never issued.

Seventh digit 9 (`cards.numbers`), four digits drawn, one that makes the check digit right. There are
ten thousand for each last four, so two releases may draw alike: the reservation sees to that.
"""

from __future__ import annotations

from stdnum import luhn

from broker.core.card_number import Cvv
from broker.core.ids import Randomness
from broker.issuer.cards.numbers import BIN, SURROGATE_DIGIT

_DRAWN = 10_000


def new_surrogate(last4: str, randomness: Randomness) -> str:
    """A stand-in for a card that ends in `last4`; whether a release holds it already is the database's to say."""
    drawn = int.from_bytes(randomness(8), "big") % _DRAWN
    head = f"{BIN}{SURROGATE_DIGIT}{drawn:04d}"
    # Counted from the right the missing digit is the fifth, which Luhn's formula takes as it is.
    missing = -luhn.checksum(f"{head}0{last4}") % 10
    return f"{head}{missing}{last4}"


def other_code(real: Cvv, randomness: Randomness) -> str:
    """Three digits that are not the card's security code."""
    drawn = int.from_bytes(randomness(8), "big") % 999
    return f"{drawn if drawn < int(real.reveal()) else drawn + 1:03d}"
