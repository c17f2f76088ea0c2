"""Charging a card: an acquirer that asks LedgerOS to authorise and clear, as a card network would."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from broker.demo.shops.kinds import CURRENCY, MERCHANT_ID, PRICE, SHOP_NAME


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """Where LedgerOS is, and the key that lets the shops' acquirer authorise there."""

    issuer_url: str
    acquirer_key: str = field(repr=False)
    ca_file: str


@dataclass(frozen=True, slots=True, repr=False)
class CardGiven:
    """A card as a page sent it."""

    number: str
    expiry: str
    code: str

    @property
    def digits(self) -> str:
        """The number without what people put between its digits."""
        return "".join(c for c in self.number if c.isdigit())


@dataclass(frozen=True, slots=True)
class Order:
    """One finished payment; the number is never kept."""

    paid: bool
    amount: int
    last4: str
    reason: str | None
    transaction_id: str | None
    attestation: str | None


class Acquirer:
    """Charges for one shop."""

    def __init__(self, settings: ShopSettings, origin: str) -> None:
        self._settings = settings
        self._origin = origin
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    async def charge(self, card: CardGiven) -> Order:
        """Authorise and clear the price of the one product."""
        last4 = card.digits[-4:]
        try:
            body = {"pan": card.digits, "cvv": card.code, "amount": PRICE, "currency": CURRENCY, "merchant": self._merchant()}
            answer = await self._call("/v1/simulate/authorizations", body | _expiry(card.expiry))
            if answer.get("status") == "declined" or "id" not in answer:
                reason = str(answer.get("declinedReason") or answer.get("error") or "declined")
                return Order(False, PRICE, last4, reason, answer.get("id"), None)
            await self._call(f"/v1/simulate/transactions/{answer['id']}/clear", {})
        except (ValueError, aiohttp.ClientError, TimeoutError):
            return Order(False, PRICE, last4, "the payment could not be processed", None, None)
        return Order(True, PRICE, last4, None, answer["id"], answer.get("attestationStatus"))

    def _merchant(self) -> dict[str, str]:
        return {
            "name": SHOP_NAME, "id": MERCHANT_ID, "category": "stationery", "categoryCode": "5943",
            "city": "Portland", "country": "US", "origin": self._origin,
        }  # fmt: skip

    async def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Api-Key": self._settings.acquirer_key}
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.post(self._settings.issuer_url + path, json=body, ssl=self._tls, allow_redirects=False) as answer,
        ):
            result = await answer.json()
            return result if isinstance(result, dict) else {}


def _expiry(text: str) -> dict[str, int]:
    month, _, year = text.replace(" ", "").partition("/")
    number = int(year)
    return {"expirationMonth": int(month), "expirationYear": number if number > 99 else 2_000 + number}
