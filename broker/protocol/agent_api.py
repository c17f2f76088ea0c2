"""What an agent and the broker say to each other: ``/v1/releases`` on the broker.

``POST /v1/releases`` `CreateRelease` → 201 `Release`; ``GET /v1/releases/{id}?wait=SECONDS&until=ready`` → `Release`
(answers when the release is finished or it is the agent's turn, or after SECONDS, at most 60;
``until=finished`` waits for the end alone);
``POST /v1/releases/{id}/token`` `GiveToken` → `Release` once a release on an intent is ``approved``;
``DELETE /v1/releases/{id}`` → `Release`: the agent takes it back, until the sealed card is handed to the browser;
``GET /v1/releases`` → a list;
``GET /v1/health`` → ``{"status": "ok"}``. ``Authorization: Bearer bt_…`` on all but health.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from broker.protocol.issuer_api import DetailsToken
from broker.protocol.outcomes import Outcome
from broker.protocol.wire import Id, Label, Millis, Origin, Wire

ReleaseStatus = Literal["pending", "approved", "filling", "paying", "finished"]
"""``paying`` is of surrogate mode: the form holds stand-ins, submit it; the real card goes in on the way."""


Until = Literal["ready", "finished"]
"""What a wait is for. It is the agent's turn when a release waits for a token (``approved``) or the form for its submit (``paying``)."""


class CreateRelease(Wire):
    """Ask for a release: with a token, or with an intent when approval comes first (exactly one).

    `origin` or `page_url` says where the agent wants to pay; both are claims.
    """

    details_token: DetailsToken | None = None
    intent_id: Id | None = None
    origin: Annotated[str, StringConstraints(max_length=300)] | None = None
    page_url: Annotated[str, StringConstraints(max_length=2_048)] | None = None
    purpose: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class GiveToken(Wire):
    """The token for a release that was approved on its intent."""

    details_token: DetailsToken


class Release(Wire):
    """A release as the agent sees it: never a value, only which fields were filled."""

    id: Id
    status: ReleaseStatus
    outcome: Outcome | None
    message: str | None
    next_step: str | None
    card_id: Id | None
    last4: str | None
    origin: Origin | None
    mode: Literal["direct", "surrogate"] | None
    fields: tuple[Label, ...]
    created_at: Millis
    expires_at: Millis
    finished_at: Millis | None
    intent_id: Id | None = None
    retry_at: Millis | None = None
