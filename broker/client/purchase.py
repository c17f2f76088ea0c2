"""A purchase on its way: intent, decision, token, fill, and the one retry."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass

from broker.client.broker import BrokerClient
from broker.client.errors import AgentError, UnreachableError
from broker.client.ledger import LedgerClient
from broker.client.payment import Payment, payment_of, payment_under_way, payment_without_fill
from broker.protocol.agent_api import Release
from broker.protocol.decision import Reason
from broker.protocol.outcomes import Outcome

_TRIES = 2
_FILL_SECONDS = 120.0
_GIVE_UP_SECONDS = 5.0
_REFUSALS = frozenset(
    {
        "above_limit", "agent_suspended", "card_closed", "card_frozen", "card_not_active", "intent_canceled", "intent_done",
        "intent_expired", "intent_rejected", "user_not_approved",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought where, in the agent's words. `amount` is in minor units."""

    card_id: str
    page_url: str
    origin: str
    amount: int
    currency: str
    merchant: str | None
    purpose: str
    reason: Reason


def standing(release: Release) -> Payment:
    """The payment of `release`, ended or to be submitted; `UnreachableError` when the broker has not said how it ended."""
    if release.status == "paying":
        return payment_under_way(release)
    if release.outcome is None:
        raise UnreachableError("The broker has not said how the release ended.", f"Look at the page, and at release {release.id}.")
    return payment_of(release)


async def settle(ledger: LedgerClient, broker: BrokerClient, payment: Payment, wait_seconds: float) -> Payment:
    """How `payment` ended; itself when it has. An intent that came to nothing is taken back."""
    if payment.code is not None or payment.release_id is None:
        return payment
    release = await broker.wait(payment.release_id, wait_seconds)
    settled = standing(release)
    if release.intent_id is not None and settled.code is not None and not settled.value_delivered:
        with suppress(AgentError):  # a token that is never made needs no intent
            await ledger.cancel_intent(release.intent_id)
    return settled


async def decide_first(
    ledger: LedgerClient, broker: BrokerClient, purchase: Purchase, wait_seconds: float, settle_seconds: float
) -> Payment:
    """The person decides, then the token is made; whatever ends this early takes the intent back."""
    intent_id = await ledger.create_intent(
        purchase.card_id,
        intent_id=f"pay_{secrets.token_hex(12)}",
        summary=purchase.purpose,
        expected_amount=purchase.amount,
        expected_currency=purchase.currency,
        expected_merchant=purchase.merchant,
        reason=purchase.reason,
        ttl_minutes=_minutes(wait_seconds),
    )
    payment: Payment | None = None
    # On its own, so that a caller who gives up meanwhile still learns which release there is to take back.
    asking = asyncio.ensure_future(broker.request_release_on_intent(intent_id, page_url=purchase.page_url, purpose=purchase.purpose))
    try:
        payment = await _release(ledger, broker, purchase, await asyncio.shield(asking), wait_seconds, settle_seconds)
        return payment
    finally:
        # Also when the caller cancelled: an approval that comes later must not fill a page nobody waits at.
        if payment is None or not (payment.ready or payment.value_delivered):
            await _take_back(ledger, broker, intent_id, asking)


async def _release(
    ledger: LedgerClient, broker: BrokerClient, purchase: Purchase, release: Release, wait_seconds: float, settle_seconds: float
) -> Payment:
    release = await broker.wait_for_decision(release.id, wait_seconds)
    if release.status == "pending":
        return payment_without_fill(Outcome.EXPIRED, "Nobody decided in time; the request was taken back.", release=release)
    for attempt in range(_TRIES):
        if release.status != "approved":
            break
        if attempt:
            await asyncio.sleep(settle_seconds)
        release = await _fill(ledger, broker, purchase, release)
    return standing(release)


async def _fill(ledger: LedgerClient, broker: BrokerClient, purchase: Purchase, release: Release) -> Release:
    """Make a token for the approved `release`, give it, and wait until it is used or came to nothing."""
    # The broker merges a repeated request into the release that is open: the token must be of that one's intent.
    details = await ledger.card_details(
        purchase.card_id, summary=purchase.purpose, reason=purchase.reason, intent_id=release.intent_id,
        client_context={"origin": purchase.origin},
    )  # fmt: skip
    try:
        await broker.give_token(release.id, details.details_token)
    except UnreachableError:
        pass  # it may have arrived: the release says whether the page was filled, and a token is never given twice
    except AgentError as error:
        if error.code != "no_token_wanted":
            raise
    return await broker.wait_for_fill(release.id, _FILL_SECONDS)


async def _take_back(ledger: LedgerClient, broker: BrokerClient, intent_id: str, asking: asyncio.Future[Release]) -> None:
    """Withdraw the release, so that the person is asked no more, and cancel the intent, so that no token of it counts."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_GIVE_UP_SECONDS):
            with suppress(AgentError):
                release = await asking
                # A release of another intent is somebody else's: this request only repeated it.
                if release.intent_id == intent_id:
                    await broker.withdraw(release.id)
            with suppress(AgentError):
                await ledger.cancel_intent(intent_id)


def refused(error: AgentError) -> Payment | None:
    """LedgerOS's word that this card, agent or intent may not be used now, as an outcome; None for every other error."""
    if error.code not in _REFUSALS:
        return None
    code = Outcome.DENIED if error.code == "intent_rejected" else Outcome.REFUSED_BY_ISSUER
    return payment_without_fill(code, error.message, error.next_step)


def _minutes(wait_seconds: float) -> int:
    """The life of the intent: the wait and the quarter of an hour that an approval may last, within LedgerOS's bounds."""
    return max(1, min(1_440, round(wait_seconds / 60) + 15))
