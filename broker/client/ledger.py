"""LedgerOS's API, as far as an agent uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from broker.client.errors import UnreachableError
from broker.client.transport import Endpoint


@dataclass(frozen=True, slots=True)
class CardDetails:
    """The answer for an ``extensionOnly`` card: a single-use token, never a number. `token_expires_at` is Unix ms."""

    access_event_id: str
    details_token: str = field(repr=False)
    token_expires_at: int
    last4: str


class LedgerClient(Endpoint):
    """``LedgerClient(base_url, agent_token, ca_file)``: `base_url` is LedgerOS's public URL, `agent_token` an ``at_…``."""

    _name = "LedgerOS"

    def __init__(self, base_url: str, agent_token: str, ca_file: Path | str) -> None:
        super().__init__(base_url, {"Api-Key": agent_token}, ca_file)

    async def card_details(
        self,
        card_id: str,
        *,
        summary: str,
        expected_amount: int | None = None,
        expected_currency: str | None = None,
        merchant_text: str | None = None,
        reason: str | None = None,
        client_context: dict[str, Any] | None = None,
    ) -> CardDetails:
        """``POST /v1/cards/{id}/details``: what the purchase is, in the agent's words; amounts in minor units.

        Raises `AgentError` (403 with the reason when the card, agent or user is blocked; 429 above ten an hour).
        """
        wanted = {
            "summary": summary, "expectedAmount": expected_amount, "expectedCurrency": expected_currency,
            "merchantText": merchant_text, "reason": reason, "clientContext": client_context,
        }  # fmt: skip
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._call("POST", f"/v1/cards/{quote(card_id, safe='')}/details", body=body)
        try:
            return CardDetails(answer["accessEventId"], answer["detailsToken"], answer["tokenExpiresAt"], answer["last4"])
        except KeyError:
            raise UnreachableError(
                "LedgerOS did not answer a detailsToken.", "Use a card whose credentialExposure is extensionOnly."
            ) from None
