"""From a token or an intent to facts, or to the outcome that says why there are none.

The broker reads the facts to route and to list; the extension verifies LedgerOS's signature before
it shows anything, so a broker that lies here gains nothing.
"""

from __future__ import annotations

import hashlib
import json

from broker.core.canonical import b64u, unb64u
from broker.core.ids import secret_hash
from broker.core.logs import mask_numbers
from broker.core.text import plain_text
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.facts import JWS_HEADER, Facts
from broker.protocol.issuer_api import Introspected
from broker.protocol.outcomes import Outcome
from broker.releases.courier import Issuer
from broker.releases.endings import Ending
from broker.releases.live import Live

_REASONS = {
    "unknown": Outcome.INVALID_TOKEN,
    "expired": Outcome.EXPIRED,
    "used": Outcome.ALREADY_USED,
    "wrong_broker": Outcome.WRONG_BROKER,
    "blocked": Outcome.REFUSED_BY_ISSUER,
}


def facts_hash(jws: str) -> str:
    """How a decision names the introspection that was shown."""
    return b64u(hashlib.sha256(jws.encode()).digest())


async def introspect(issuer: Issuer, live: Live, broker_id: str, now_ms: int) -> tuple[str, Facts] | Ending:
    """The signed introspection of a release's token or intent and the facts in it, or how the release ends."""
    token_hash = None if live.token is None else b64u(secret_hash(live.token))  # before: a release that ends forgets its token
    try:
        answer = await _ask(issuer, live)
    except IssuerRefusedError as error:
        return refusal(error)
    except IssuerUnavailableError as error:
        return Ending(Outcome.ISSUER_UNAVAILABLE, f"{error}.")
    if not answer.active or answer.facts is None:
        return _inactive(answer)
    try:
        facts = _read_facts(answer.facts)
    except ValueError:
        return Ending(Outcome.INTERNAL_ERROR, "LedgerOS's introspection cannot be read; are both up to date?")
    if (facts.token_hash, facts.intent_id, facts.broker_id) != (token_hash, live.intent_id, broker_id):
        return Ending(Outcome.INTERNAL_ERROR, "LedgerOS's introspection is about another token, intent or broker.")
    if facts.expires_at <= now_ms:
        return Ending(Outcome.EXPIRED, "The token had expired before it was offered, or this machine's clock is ahead.")
    return answer.facts, facts


async def _ask(issuer: Issuer, live: Live) -> Introspected:
    if live.intent_id is not None:
        return await issuer.introspect_intent(live.intent_id)
    assert live.token is not None
    return await issuer.introspect(live.token)


def refusal(error: IssuerRefusedError) -> Ending:
    """How a 4xx of LedgerOS ends a release."""
    by_code = {
        "already_used": Outcome.ALREADY_USED,
        "expired": Outcome.EXPIRED,
        "invalid_token": Outcome.INVALID_TOKEN,
        "wrong_broker": Outcome.WRONG_BROKER,
        "passkey_required": Outcome.PASSKEY_REQUIRED,
        "intent_expired": Outcome.EXPIRED,
    }
    if error.code in by_code:
        return Ending(by_code[error.code])
    if error.code == "refused_by_rule":
        return Ending(Outcome.REFUSED_BY_RULE, error.message)
    if error.code.endswith("_not_enrolled"):
        return Ending(Outcome.NOT_ENROLLED, error.message)
    return Ending(Outcome.REFUSED_BY_ISSUER, error.message)


def _inactive(answer: Introspected) -> Ending:
    outcome = _REASONS.get(answer.reason or "", Outcome.REFUSED_BY_ISSUER)
    if outcome is Outcome.EXPIRED:
        return Ending(outcome, "The token had expired before the broker asked about it.")
    if outcome is Outcome.REFUSED_BY_ISSUER and answer.message:
        return Ending(outcome, mask_numbers(plain_text(answer.message)))
    return Ending(outcome)


def _read_facts(jws: str) -> Facts:
    header, payload, _ = jws.split(".")
    if header != JWS_HEADER:
        raise ValueError("another header")
    return Facts.model_validate(json.loads(unb64u(payload)))
