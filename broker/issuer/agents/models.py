"""Wire models of agents."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from broker.protocol.wire import Amount, Id, Label, Wire

Frequency = Literal["perTransaction", "per24HourPeriod", "perWeek", "perMonth", "perYear", "allTime"]
OnLimitExceeded = Literal["suspend", "notify", "none"]
Description = Annotated[str, StringConstraints(max_length=1_000)]
_METADATA_BYTES = 4_096


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > _METADATA_BYTES:
        raise ValueError("must be at most 4096 bytes of JSON")
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]


class CreateAgent(Wire):
    """Create an agent (Part A, step 3). Without a spending limit only the cards' limits hold."""

    user_id: Id
    name: Label
    description: Description | None = None
    spending_limit: Amount | None = None
    spending_limit_frequency: Frequency = "perMonth"
    external_id: Label | None = None
    on_limit_exceeded: OnLimitExceeded = "none"
    max_cards: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None
    metadata: Metadata | None = None


class UpdateAgent(Wire):
    """Change what is named; what is left out stays."""

    name: Label | None = None
    description: Description | None = None
    status: Literal["active", "suspended"] | None = None
    spending_limit: Amount | None = None
    spending_limit_frequency: Frequency | None = None
    external_id: Label | None = None
    on_limit_exceeded: OnLimitExceeded | None = None
    max_cards: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None
    metadata: Metadata | None = None


class CreateAgentToken(Wire):
    """Make an agent token; without an expiry it works until it is revoked."""

    expires_in_days: Annotated[int, Field(strict=True, ge=1, le=3_650)] | None = None
