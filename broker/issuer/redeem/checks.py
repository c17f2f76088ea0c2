"""Is this decision about this token, card, device and moment? Pure checks, in the order they are told."""

from __future__ import annotations

from typing import NamedTuple

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.money import tolerance
from broker.issuer.details.rules import blocked_reason
from broker.issuer.redeem.approval import Attested, mismatches
from broker.issuer.settings import IssuerSettings
from broker.protocol.decision import Decision
from broker.protocol.grants import Grant

_BOUND_TO = ("token_hash", "intent_id", "access_event_id", "card_id", "agent_id", "broker_id", "recipient_key_id", "currency")
_LONGEST_DECISION_MS = 10 * 60_000
LONGEST_APPROVAL_MS = 15 * 60_000
"""How long an approval on an intent may wait for its token."""
_AGAIN = "Ask for new card details and approve again."


class TokenRow(NamedTuple):
    """A token with the card, agent, user and organisation it belongs to, as the redeem query reads them.

    `remaining` is the most that the card may still authorise. A column costs a redeem half a microsecond: only what decides is here.
    """

    event_id: str
    org_id: str
    card_id: str
    agent_id: str
    status: str
    expires_at: int
    bound_broker: str | None
    redeemed_by: str | None
    expected_amount: int | None
    currency: str
    merchant_key: str
    origin: str | None
    card_status: str
    closes_at: int | None
    exposure: str
    last4: str
    max_amount: int | None
    remaining: int
    expiration_month: int
    expiration_year: int
    kek_version: int
    wrapped_key: bytes
    number_ciphertext: bytes
    agent_status: str
    user_id: str
    user_status: str
    cardholder: str
    approval: str
    step_up_above: int
    intent_id: str | None


class Standing(NamedTuple):
    """Whether the parties of a redeem are enrolled, and what is known of its decision; read with the token.

    `sealing_key` is what the card is sealed to: the device's, in surrogate mode the egress's (empty when that is not enrolled).
    `billing` is the JSON of the user's `BillingAddress`, where LedgerOS holds one. `passkey_idle` says that the passkey which signed
    is enrolled and has counted nothing so far.
    """

    device_org: str | None
    sealing_key: bytes
    sealing_key_id: str
    facts_issued: int
    decision_used: int
    origin_linked: int
    broker_org: str | None
    billing: str | None
    passkey_idle: int


def token_refusal(token: TokenRow, broker_id: str, now: int) -> LedgerError | None:
    """Why this token cannot be spent by this broker now."""
    if token.status == "consumed":
        return LedgerError(
            410, "already_used", "The token was used before; an alarm was raised.", "Tell the person: somebody may have copied it."
        )
    if token.bound_broker not in (None, broker_id):
        return LedgerError(403, "wrong_broker", "The token is bound to another broker.", "Use the broker it was made for.")
    if token.status == "denied":
        return LedgerError(403, "denied", "This release was denied, stopped or taken back.", "Do not ask again for the same purchase.")
    if token.status != "granted" or token.expires_at <= now:
        return LedgerError(410, "expired", "The token is expired.", "Ask for new card details.")
    if token.exposure != "extensionOnly":
        return LedgerError(403, "exposure", "This card's details are not released this way.", "Use an extensionOnly card.")
    status = "closed" if token.closes_at is not None and token.closes_at <= now else token.card_status
    return blocked_reason(token.user_status, token.agent_status, status)


def binding_refusal(decision: Decision, token: TokenRow, token_hash: bytes, broker_id: str, sealing_key_id: str) -> LedgerError | None:
    """Whether the decision names exactly this token, card, agent, broker and key."""
    about = (
        decision.token_hash == (b64u(token_hash) if decision.intent_id is None else None),
        decision.intent_id in (None, token.intent_id),
        decision.access_event_id in (None, token.event_id),
        decision.card_id == token.card_id and decision.last4 == token.last4,
        decision.agent_id == token.agent_id,
        decision.broker_id == broker_id,
        decision.recipient_key_id == sealing_key_id,
        decision.currency == decision.claimed.currency == token.currency,
    )
    if all(about):
        return None
    wrong = ", ".join(name for name, right in zip(_BOUND_TO, about, strict=True) if not right)
    return LedgerError(403, "decision_mismatch", f"The decision is not about this release: {wrong}.", _AGAIN)


def time_refusal(decision: Decision, token: TokenRow, settings: IssuerSettings, now: int) -> LedgerError | None:
    """Whether the decision was made in the token's life, allowing for the device's clock."""
    skew = settings.clock_skew_seconds * 1000
    if decision.decided_at > now + skew or decision.decided_at < now - settings.token_life_seconds * 1000 - skew:
        return LedgerError(
            403, "clock_skew", "The decision's time does not fit; the browser's clock may be off.", "Set its clock and approve again."
        )
    if decision.expires_at + skew < now or decision.expires_at < decision.decided_at:
        return LedgerError(403, "decision_expired", "The decision is expired.", _AGAIN)
    if decision.expires_at > min(token.expires_at + skew, decision.decided_at + _LONGEST_DECISION_MS):
        return LedgerError(403, "decision_too_long", "The decision claims to hold longer than its token.", _AGAIN)
    return None


def standing_refusal(standing: Standing) -> LedgerError | None:
    """Whether the decision was made on facts that LedgerOS issued for this token, and was not used before."""
    if not standing.facts_issued:
        return LedgerError(403, "facts_unknown", "What was shown is not what LedgerOS said about this token.", "Approve again.")
    return LedgerError(403, "decision_replayed", "This decision was used before.", _AGAIN) if standing.decision_used else None


def intent_time_refusal(decision: Decision, intent_ends: int, settings: IssuerSettings, now: int) -> LedgerError | None:
    """Whether a decision on an intent still holds: it may outlive a token, but not its intent, nor a quarter of an hour."""
    skew = settings.clock_skew_seconds * 1000
    if decision.decided_at > now + skew:
        return LedgerError(
            403, "clock_skew", "The decision's time does not fit; the browser's clock may be off.", "Set its clock and approve again."
        )
    if decision.expires_at + skew < now or decision.expires_at < decision.decided_at:
        return LedgerError(403, "decision_expired", "The decision is expired.", _AGAIN)
    if decision.expires_at > min(intent_ends + skew, decision.decided_at + LONGEST_APPROVAL_MS):
        return LedgerError(403, "decision_too_long", "The decision claims to hold longer than its intent, or than 15 minutes.", _AGAIN)
    return None


def content_refusal(decision: Decision, token: TokenRow, attested: Attested) -> LedgerError | None:
    """Whether the person was shown every mismatch, and the amount fits what is left."""
    if mismatches(decision, attested) - set(decision.mismatches):
        return LedgerError(403, "decision_incomplete", "The decision leaves out a mismatch between claim and page.", _AGAIN)
    if attested.expected_amount is not None and decision.claimed.amount not in (None, attested.expected_amount):
        return LedgerError(403, "decision_mismatch", "The decision claims another amount than was attested.", _AGAIN)
    if decision.max_amount > token.remaining:
        return LedgerError(
            403, "above_limit", "The approved amount is above what the card may still spend.", "Raise a limit or buy for less."
        )
    return None


def window_amount(decision: Decision, settings: IssuerSettings, grant: Grant | None) -> int:
    """The most that the opened window lets through; a standing rule's amount is a bound on the charge itself."""
    amount = decision.max_amount + tolerance(decision.max_amount, settings.amount_tolerance_basis_points)
    return amount if grant is None else min(amount, grant.max_amount)
