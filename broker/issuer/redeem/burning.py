"""The token's end: one conditional write burns it and opens its window; its decision and its events are in the same transaction."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from broker.core.canonical import b64u
from broker.core.clock import MINUTE_MS
from broker.issuer.context import Context
from broker.issuer.events.services import record_flat
from broker.issuer.redeem import on_intent
from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.redeem.signatures import Evidence
from broker.issuer.surrogates.services import Reservation, reserve
from broker.protocol.decision import SignedDecision
from broker.protocol.grants import Grant

_BURN = (
    "UPDATE access_events SET status = 'consumed', consumed_at = ?, redeemed_by = ?, bound_broker = ?, window_id = ?,"
    " window_max_amount = ?, window_origin = ?, window_expires_at = ? WHERE id = ? AND status = 'granted'"
)
_KEEP = (
    "INSERT INTO decisions (access_event_id, org_id, release_id, broker_id, device_id, passkey_id, digest, signed,"
    " facts_hash, nonce, approval, redeemed_at, intent_id, grant_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_APPROVE_INTENT = "UPDATE intents SET status = 'pending', decided_at = ? WHERE id = ? AND status = 'pending_approval'"
_LINK = "INSERT OR IGNORE INTO merchant_links (org_id, merchant_key, origin, linked_at) VALUES (?, ?, ?, ?)"


class Proven(NamedTuple):
    """A decision that every check let pass: by whom, on what evidence, for which token.

    `canonical` are the decision's bytes that were signed; `prior` is the decision's first use when this is a further one.
    `window_amount` is in minor units of the token's currency; `stand_in` is the number for the page in surrogate mode.
    """

    broker_id: str
    signed: SignedDecision
    canonical: bytes
    evidence: Evidence
    facts_hash: bytes
    token: TokenRow
    standing: Standing
    grant: Grant | None
    prior: on_intent.Prior | None
    window_amount: int
    stand_in: str | None


class Burnt(NamedTuple):
    """What the commit left to do: seal this card to this key, say which window is open until when (Unix ms) and what stands in."""

    token: TokenRow
    sealing_key: bytes
    window_id: str
    window_amount: int
    window_ends: int
    stand_in: str | None
    billing: str | None
    """The JSON of the user's `BillingAddress`, where LedgerOS holds one."""


def burn(raw: sqlite3.Connection, context: Context, proven: Proven, now: int) -> Burnt | None:
    """Spend the token; None when somebody was faster."""
    token, broker_id = proven.token, proven.broker_id
    ends = now + context.settings.window_minutes * MINUTE_MS
    window, origin = _window_id(token.event_id), proven.signed.decision.seen.origin
    spent = (now, broker_id, broker_id, window, proven.window_amount, origin, ends, token.event_id)
    if raw.execute(_BURN, spent).rowcount != 1:
        return None
    burnt = Burnt(token, proven.standing.sealing_key, window, proven.window_amount, ends, proven.stand_in, proven.standing.billing)
    if burnt.stand_in is not None:
        release_id = proven.signed.decision.release_id
        release = Reservation(token.event_id, token.org_id, token.card_id, release_id, token.agent_id, token.user_id)
        reserve(raw, burnt.stand_in, release, now, ends)
    if proven.prior is None:
        _keep(raw, proven, now)
    else:
        on_intent.renew(raw, token.org_id, proven.signed.decision, proven.prior, token.event_id, now)
    _record(raw, proven, burnt, now)
    return burnt


def _window_id(event_id: str) -> str:
    """A token opens one window, so the window has the token's own part of the id."""
    return "win_" + event_id.partition("_")[2]


def _keep(raw: sqlite3.Connection, proven: Proven, now: int) -> None:
    token, decision, evidence = proven.token, proven.signed.decision, proven.evidence
    raw.execute(
        _KEEP,
        (
            token.event_id, token.org_id, decision.release_id, proven.broker_id, decision.device_id, evidence.passkey_id, evidence.digest,
            proven.signed.stored(proven.canonical), proven.facts_hash, decision.nonce, token.approval, now, decision.intent_id,
            decision.grant_id,
        ),
    )  # fmt: skip
    if decision.intent_id is not None:
        raw.execute(_APPROVE_INTENT, (now, decision.intent_id))
    if proven.grant is None and not proven.standing.origin_linked:  # only a person's approval links a merchant's words to an origin
        raw.execute(_LINK, (token.org_id, token.merchant_key, decision.seen.origin, now))


def _record(raw: sqlite3.Connection, proven: Proven, burnt: Burnt, now: int) -> None:
    token, decision, evidence, prior = proven.token, proven.signed.decision, proven.evidence, proven.prior
    redeemed: dict[str, str | int | list[str] | None] = {
        "accessEvent": token.event_id, "attempt": None if prior is None else prior.redeems + 1, "broker": proven.broker_id,
        "card": token.card_id, "org": token.org_id, "release": decision.release_id, "window": burnt.window_id,
        "windowAmount": burnt.window_amount, "windowExpiresAt": burnt.window_ends,
    }  # fmt: skip
    if prior is not None:
        record_flat(raw, now, (("broker:token:redeemed", redeemed),))
        return
    approved: dict[str, str | int | list[str] | None] = {
        "accessEvent": token.event_id, "agent": token.agent_id, "card": token.card_id, "currency": decision.currency,
        "decidedAt": decision.decided_at, "decision": b64u(evidence.digest), "device": decision.device_id, "grant": decision.grant_id,
        "intent": decision.intent_id, "maxAmount": decision.max_amount, "mismatches": list(decision.mismatches) or None,
        "mode": decision.mode, "org": token.org_id, "origin": decision.seen.origin, "passkey": evidence.passkey_id,
        "paymentReason": decision.reason, "release": decision.release_id,
    }  # fmt: skip
    name = "person:release:approved" if proven.grant is None else "grant:release:approved"
    record_flat(raw, now, ((name, approved), ("broker:token:redeemed", redeemed)))
