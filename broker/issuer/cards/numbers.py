"""Card numbers of the sandbox: BIN 424242, sixteen digits, Luhn-valid (ISO/IEC 7812).

The seventh digit splits the range: 0 to 8 are issued, 9 is reserved for surrogates, numbers that
look like a card's and are never issued, so that one which reaches a merchant buys nothing.
"""

from __future__ import annotations

from stdnum import luhn

from broker.core.card_number import Pan
from broker.core.ids import Randomness

BIN = "424242"
BRAND = "Visa"
SURROGATE_DIGIT = "9"
_ISSUED = 9 * 10**8  # seventh digit 0–8, then eight digits


def new_number(randomness: Randomness) -> Pan:
    """A number of the issued range; whether it is taken already is the database's to say."""
    account = int.from_bytes(randomness(16), "big") % _ISSUED
    body = f"{BIN}{account:09d}"
    return Pan(body + luhn.calc_check_digit(body))


def is_surrogate(pan: Pan) -> bool:
    """Whether a number is of the range that is never issued."""
    return pan.reveal()[:7] == BIN + SURROGATE_DIGIT
