"""The stand-in for a card number in surrogate mode: Luhn-valid, same BIN, length and last four, never issued.

It authorises nothing, so it is not secret and travels in the clear inside the channel.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator
from stdnum import luhn

from broker.protocol.billing import BillingAddress
from broker.protocol.wire import Label, Wire


class Surrogate(Wire):
    """The values the page holds in place of number and security code. Digits only."""

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{13,19}$")]
    security_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,4}$")]

    @field_validator("number")
    @classmethod
    def _luhn(cls, number: str) -> str:
        if not luhn.is_valid(number):
            raise ValueError("the check digit is wrong")
        return number


class SurrogateCard(Wire):
    """What the extension fills in surrogate mode: the stand-ins, and what of a card is no secret from the page."""

    surrogate: Surrogate
    expiration_month: Annotated[int, Field(ge=1, le=12)]
    expiration_year: Annotated[int, Field(ge=2000, le=2199)]
    cardholder_name: Label
    billing: BillingAddress | None = None
