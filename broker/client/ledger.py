"""LedgerOS's API, as far as an agent uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from broker.client.errors import UnreachableError
from broker.client.transport import Endpoint
from broker.protocol.decision import Reason


@dataclass(frozen=True, slots=True)
class CardDetails:
    """The answer for an ``extensionOnly`` card: a single-use token, never a number. `token_expires_at` is Unix ms."""

    access_event_id: str
    details_token: str = field(repr=False)
    token_expires_at: int
    last4: str


@dataclass(frozen=True, slots=True)
class Card:
    """One of the agent's cards: what it is for and what it may still do. Amounts are minor units, None is unlimited."""

    id: str
    last4: str
    brand: str
    status: str
    type: str
    purpose: str
    exposure: str
    max_amount: int | None
    current_spend: int
    locked_merchant: str | None


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
        reason: Reason | None = None,
        client_context: dict[str, Any] | None = None,
        intent_id: str | None = None,
    ) -> CardDetails:
        """``POST /v1/cards/{id}/details``: what the purchase is, in the agent's words; amounts in minor units.

        `reason` is ``one-time`` unless said otherwise; with an intent it is the intent's, and another one is refused (422).
        Raises `AgentError` (403 with the reason when the card, agent or user is blocked; 429 above ten an hour).
        """
        wanted = {
            "summary": summary, "expectedAmount": expected_amount, "expectedCurrency": expected_currency,
            "merchantText": merchant_text, "reason": reason, "clientContext": client_context, "intentId": intent_id,
        }  # fmt: skip
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._call("POST", f"/v1/cards/{quote(card_id, safe='')}/details", body=body)
        try:
            return CardDetails(answer["accessEventId"], answer["detailsToken"], answer["tokenExpiresAt"], answer["last4"])
        except KeyError:
            raise UnreachableError(
                "LedgerOS did not answer a detailsToken.", "Use a card whose credentialExposure is extensionOnly."
            ) from None

    async def create_intent(
        self,
        card_id: str,
        *,
        summary: str,
        expected_amount: int,
        expected_currency: str = "USD",
        expected_merchant: str | None = None,
        reason: Reason = "one-time",
        intent_id: str | None = None,
        ttl_minutes: int = 30,
    ) -> str:
        """``POST /v1/cards/{id}/intents``: what is to be bought, before anybody decided. Answers the intent's id.

        `intent_id` is the caller's own name for it; the same name again is the same intent. A `reason` of ``subscription`` tells
        the person that the merchant may charge again.
        """
        wanted = {
            "intentId": intent_id, "summary": summary, "expectedAmount": expected_amount, "expectedCurrency": expected_currency,
            "expectedMerchant": expected_merchant, "reason": reason, "ttlMinutes": ttl_minutes,
        }  # fmt: skip
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._call("POST", f"/v1/cards/{quote(card_id, safe='')}/intents", body=body)
        if not isinstance(answer.get("id"), str):
            raise _not_the_api("an intent")
        return str(answer["id"])

    async def cancel_intent(self, intent_id: str) -> None:
        """``POST /v1/intents/{id}/cancel``: it is not to be bought any more. `AgentError` 409 when the intent is closed already."""
        await self._call("POST", f"/v1/intents/{quote(intent_id, safe='')}/cancel", body={})

    async def card(self, card_id: str) -> Card:
        """``GET /v1/cards/{id}``."""
        return _card(await self._call("GET", f"/v1/cards/{quote(card_id, safe='')}"))

    async def cards(self, limit: int = 100) -> list[Card]:
        """``GET /v1/cards``: this agent's cards, newest first."""
        answer = await self._call("GET", f"/v1/cards?limit={limit}")
        return [_card(item) for item in answer.get("data", [])]


def _card(answer: dict[str, Any]) -> Card:
    """Named members only: whatever else an answer holds goes no further."""
    try:
        return Card(
            id=answer["id"],
            last4=answer["last4"],
            brand=answer["brand"],
            status=answer["status"],
            type=answer["type"],
            purpose=answer["purpose"],
            exposure=answer["credentialExposure"],
            max_amount=answer["maxAmount"],
            current_spend=answer["currentSpend"],
            locked_merchant=answer["lockedMerchant"],
        )
    except (KeyError, TypeError):
        raise _not_the_api("a card") from None


def _not_the_api(what: str) -> UnreachableError:
    return UnreachableError(f"LedgerOS answered something else than {what}.", "Use a client of LedgerOS's version.")
