"""Wire models of the simulated network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from broker.core.card_number import Cvv, Pan
from broker.protocol.wire import Amount, Currency, Id, Label, Wire


class Merchant(Wire):
    """Who charges. `origin` is what a shop's acquirer knows of its web site, where it does."""

    name: Label
    id: Label | None = None
    category: Label | None = None
    category_code: Annotated[str, StringConstraints(pattern=r"^\d{4}$")] | None = None
    city: Label | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    origin: Annotated[str, StringConstraints(max_length=300)] | None = None


class Authorise(Wire):
    """An authorisation request with the number a shop was given."""

    pan: Pan
    expiration_month: Annotated[int, Field(strict=True, ge=1, le=12)]
    expiration_year: Annotated[int, Field(strict=True, ge=2000, le=2099)]
    cvv: Cvv
    amount: Annotated[int, Field(strict=True, ge=1, le=99_999_999_99)]
    currency: Currency
    merchant: Merchant
    previous_transaction_id: Id | None = None


class Clear(Wire):
    """Post a pending transaction, for its whole amount or less."""

    amount: Amount | None = None
