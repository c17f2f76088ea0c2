"""The payer's address as a checkout asks for it: what LedgerOS holds of a user, sent with a card so that it can be filled."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from broker.protocol.wire import Label, Wire


class BillingAddress(Wire):
    """A postal address. `country` is ISO 3166-1 alpha-2; `state` is what the country calls its first level, by code or name."""

    line1: Label
    line2: Label | None = None
    city: Label
    state: Label | None = None
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
