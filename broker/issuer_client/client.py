"""The calls of ``protocol/issuer_api.py``, over pooled mutual TLS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.text import plain_text
from broker.issuer_client.connector import IssuerConnector
from broker.issuer_client.errors import IssuerRefusedError, IssuerUnavailableError, IssuerUntrustedError
from broker.protocol.grants import GrantState, SignedAction, SignedGrant
from broker.protocol.issuer_api import (
    BrokerEnrolled,
    CloseWindow,
    DeviceEnrolled,
    EgressEnrolled,
    EnrolBroker,
    EnrolDevice,
    EnrolEgress,
    Grants,
    Health,
    Introspect,
    Introspected,
    Redeem,
    Redeemed,
    ReportOutcome,
)
from broker.protocol.wire import Wire

W = TypeVar("W", bound=Wire)

_MISUSED = {"used", "already_used", "wrong_broker"}


@dataclass(frozen=True, slots=True)
class IssuerLimits:
    """Seconds to connect, seconds for a whole call, bytes of an answer, connections kept."""

    connect_seconds: float = 2.0
    total_seconds: float = 5.0
    answer_bytes: int = 64 * 1024
    connections: int = 16


class IssuerClient:
    """LedgerOS as the broker sees it. Open it inside a running event loop and close it.

    `address` says where LedgerOS is, as a base URL; it is asked at each call, because a LedgerOS on
    this machine may come back on another port. A `LedgerError` from it means "not there".

    Every call raises `IssuerRefusedError` (4xx), `IssuerUnavailableError` (anything unclear) or
    `IssuerUntrustedError` (the peer is not LedgerOS; nothing was sent). No call is repeated here:
    only the caller knows whether a repetition is harmless.
    """

    def __init__(self, address: Callable[[], str], context: ssl.SSLContext, limits: IssuerLimits | None = None) -> None:
        self._limits = limits or IssuerLimits()
        self._address = address
        self.token_misused: Callable[[], None] = lambda: None
        """Called when LedgerOS refused a token with an alarm: presented twice, or by a broker that is not its own."""
        self._session = aiohttp.ClientSession(
            connector=IssuerConnector(ssl=context, limit=self._limits.connections),
            timeout=aiohttp.ClientTimeout(total=self._limits.total_seconds, connect=self._limits.connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def health(self) -> Health:
        """Whether LedgerOS is there and knows this broker."""
        return await self._call("GET", "/health", None, Health)

    async def enrol_broker(self, request: EnrolBroker) -> BrokerEnrolled:
        """Finish this broker's enrolment with a code from the dashboard."""
        return await self._call("POST", "/enrolments/broker", request, BrokerEnrolled)

    async def enrol_device(self, request: EnrolDevice) -> DeviceEnrolled:
        """Pass a browser's enrolment on."""
        return await self._call("POST", "/enrolments/device", request, DeviceEnrolled)

    async def enrol_egress(self, request: EnrolEgress) -> EgressEnrolled:
        """Pass an egress key's enrolment on."""
        return await self._call("POST", "/enrolments/egress", request, EgressEnrolled)

    async def introspect(self, token: str) -> Introspected:
        """What a ``detailsToken`` is; consumes nothing."""
        answer = await self._call("POST", "/introspect", Introspect(token=token), Introspected)
        if answer.reason in _MISUSED:
            self.token_misused()
        return answer

    async def introspect_intent(self, intent_id: str) -> Introspected:
        """What an intent is, for an approval that comes before the token."""
        return await self._call("POST", "/introspect", Introspect(intent_id=intent_id), Introspected)

    async def redeem(self, request: Redeem) -> Redeemed:
        """Spend a token under a decision. After `IssuerUnavailableError` it is unknown whether it was spent."""
        try:
            return await self._call("POST", "/redeem", request, Redeemed)
        except IssuerRefusedError as refused:
            if refused.code in _MISUSED:
                self.token_misused()
            raise

    async def report(self, outcome: ReportOutcome) -> None:
        """Tell LedgerOS how a release ended; harmless to repeat."""
        await self._exchange("POST", "/outcomes", outcome)

    async def close_window(self, opened: CloseWindow) -> None:
        """Nothing comes of it: what was opened authorises nothing any more. Harmless to repeat."""
        await self._exchange("POST", "/windows/close", opened)

    async def make_grant(self, signed: SignedGrant) -> GrantState:
        """Pass a new standing rule on."""
        return await self._call("POST", "/grants", signed, GrantState)

    async def grants(self) -> Grants:
        """The standing rules made on this broker's browsers."""
        return await self._call("GET", "/grants", None, Grants)

    async def act(self, signed: SignedAction) -> None:
        """Pass a person's action on: freeze, pause, undo, revoke."""
        await self._exchange("POST", "/actions", signed)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _call(self, method: str, path: str, body: Wire | None, answer: type[W]) -> W:
        try:
            return answer.model_validate(await self._exchange(method, path, body))
        except ValidationError:
            raise IssuerUnavailableError("LedgerOS answered something this broker does not understand; are both up to date?") from None

    async def _exchange(self, method: str, path: str, body: Wire | None) -> Any:
        payload = None if body is None else body.wire()
        try:
            url = self._address().rstrip("/") + "/broker/v1" + path
            async with self._session.request(method, url, json=payload, allow_redirects=False) as response:
                return _read_answer(response.status, await self._bounded(response))
        except LedgerError as error:
            raise IssuerUnavailableError(error.message.rstrip(".")) from None
        except TimeoutError:
            raise IssuerUnavailableError("LedgerOS did not answer in time") from None
        except aiohttp.ClientConnectorCertificateError:
            raise IssuerUntrustedError("the certificate at LedgerOS's address is not from our CA; nothing was sent to it") from None
        except (aiohttp.ClientError, OSError):
            raise IssuerUnavailableError("LedgerOS cannot be reached") from None

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._limits.answer_bytes
        data = bytearray()
        async for chunk in response.content.iter_any():
            data += chunk
            if len(data) > limit:
                response.close()
                raise IssuerUnavailableError("LedgerOS's answer is larger than allowed")
        return bytes(data)


def _read_answer(status: int, data: bytes) -> Any:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if status in (200, 201) and isinstance(answer, dict):
        return answer
    if 400 <= status < 500:
        body = answer if isinstance(answer, dict) else {}
        raise IssuerRefusedError(status, str(body.get("code", ""))[:64], _words(body.get("error"), status))
    raise IssuerUnavailableError(f"LedgerOS answered {status}")


def _words(text: object, status: int) -> str:
    # Another machine's words: shown to people and agents, so made plain like anybody else's.
    return mask_numbers(plain_text(text)) if isinstance(text, str) and text.strip() else f"LedgerOS answered {status}."
