"""Wire models of cards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from broker.protocol.wire import Amount, Label, ShortText, Wire

CardType = Literal["single", "multi"]


class Limits(Wire):
    """Ceilings in minor units: one authorisation, a rolling day (24 h), a calendar month (UTC)."""

    per_auth: Amount | None = None
    per_day: Amount | None = None
    per_month: Amount | None = None


class CreateCard(Wire):
    """Create a card (Part A, step 4). The exposure is `extensionOnly` unless asked otherwise."""

    purpose: ShortText
    type: CardType = "single"
    max_amount: Amount | None = None
    credential_exposure: Annotated[str, StringConstraints(max_length=40)] = "extensionOnly"
    acknowledge_raw_pan_risk: bool = False
    merchant_hint: ShortText | None = None
    limits: Limits | None = None
    max_auth_count: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    ttl_days: Annotated[int, Field(strict=True, ge=1, le=1_095)] | None = None
    attestation_window_minutes: Annotated[int, Field(strict=True, ge=1, le=60)] = 10
    on_drift: Literal["allow", "flag", "decline"] = "flag"
    external_id: Label | None = None

    def asks_only_part_a(self) -> bool:
        """Whether only the Quick Start's fields were sent: then exactly its fields are answered."""
        return self.model_fields_set <= {"purpose", "type", "max_amount"}


class UpdateCard(Wire):
    """Freeze, unfreeze, change limits; `require_release` false lets an `extensionOnly` card be charged without a release."""

    status: Literal["active", "frozen"] | None = None
    limits: Limits | None = None
    require_release: bool | None = None
