"""Wire models of intents."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from broker.issuer.agents.models import Metadata
from broker.protocol.decision import Reason
from broker.protocol.wire import Amount, Currency, Label, ShortText, Wire


class CreateIntent(Wire):
    """What is to be bought. `intent_id` is the caller's own name for it: the same name on the same card is the same intent.

    `tolerance` (minor units) is how far card details and the charge may lie from `expected_amount`.
    `reason` is what the person approves: a ``subscription`` may be charged again.
    """

    intent_id: Label | None = None
    summary: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    expected_amount: Amount
    expected_currency: Currency = "USD"
    expected_merchant: ShortText | None = None
    reason: Reason = "one-time"
    tolerance: Amount = 0
    ttl_minutes: Annotated[int, Field(strict=True, ge=1, le=1_440)] = 30
    metadata: Metadata | None = None
