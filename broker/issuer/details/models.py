"""Wire models of card details."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from broker.protocol.decision import Reason
from broker.protocol.wire import Amount, Currency, Id, ShortText, Wire

_CONTEXT_BYTES = 4_096


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > _CONTEXT_BYTES:
        raise ValueError("must be at most 4096 bytes of JSON")
    return value


class RequestDetails(Wire):
    """Ask for a card's details (Part A, step 5).

    `reason` is shown to the person and signed; left out it is the intent's, or ``one-time``.
    `client_context` may hold `origin` (where the agent means to pay: the token is bound to it) and
    `brokerId` (the one broker that may redeem it); nothing else in it is kept.
    """

    summary: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    expected_amount: Amount | None = None
    expected_currency: Currency = "USD"
    merchant_text: ShortText | None = None
    reason: Reason | None = None
    client_context: Annotated[dict[str, Any], AfterValidator(_small)] | None = None
    intent_id: Id | None = None
