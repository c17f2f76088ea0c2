"""Introspection: what LedgerOS says about a token, signed so that a broker in between cannot change it.

The form is a JWS compact serialisation (RFC 7515) with one fixed header, in the spirit of RFC 7662
and RFC 9701. Verifiers compare the header literally: there is no algorithm to negotiate.
"""

from __future__ import annotations

import json
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.core.canonical import b64u, canonical_json, unb64u
from broker.protocol.decision import Reason
from broker.protocol.grants import GrantState
from broker.protocol.wire import Amount, Base64Url, Currency, Id, Label, Millis, Origin, ShortText, Wire

JWS_HEADER = b64u(canonical_json({"alg": "EdDSA", "typ": "token-introspection+jwt"}))

ApprovalSetting = Literal["passkey", "step-up", "click"]


class Facts(Wire):
    """What is true of one `detailsToken`, or of one intent when approval comes first, at `issued_at`.

    With an intent, `token_hash` and `access_event_id` are null and `expires_at` is the intent's end.
    `grants` are the standing rules in force for this agent. `egress_keys` name the keys of the
    egresses enrolled for this broker: in surrogate mode a decision's recipient is one of them.

    Amounts are minor units of `expected_currency`. `remaining` is the most the card may still
    authorise. `linked_origins` are the origins that a person approved before for `merchant_text`.
    `reason` is what the agent asked for; facts of before it was approved too say none.
    """

    issued_at: Millis
    token_hash: Base64Url | None
    access_event_id: Id | None
    intent_id: Id | None = None
    expires_at: Millis
    broker_id: Id
    organisation_name: Label
    user_name: Label
    agent_id: Id
    agent_name: Label
    card_id: Id
    card_brand: Label
    last4: str
    card_purpose: ShortText
    card_type: Literal["single", "multi"]
    remaining: Amount | None
    max_amount: Amount | None
    summary: ShortText
    expected_amount: Amount | None
    expected_currency: Currency
    merchant_text: ShortText | None
    reason: Reason = "one-time"
    origin: Origin | None
    linked_origins: tuple[Origin, ...]
    approval: ApprovalSetting
    step_up_above: Amount
    amount_tolerance_basis_points: int
    grants: tuple[GrantState, ...] = ()
    egress_keys: tuple[Base64Url, ...] = ()


def sign_facts(facts: Facts, key: Ed25519PrivateKey) -> str:
    """`facts` as a JWS compact serialisation."""
    signing_input = f"{JWS_HEADER}.{b64u(facts.canonical())}"
    return f"{signing_input}.{b64u(key.sign(signing_input.encode()))}"


def verify_facts(jws: str, key: Ed25519PublicKey) -> Facts:
    """The facts of a JWS made by `sign_facts`; raises ``ValueError`` when the signature or form is wrong."""
    try:
        header, payload, signature = jws.split(".")
        if header != JWS_HEADER:
            raise ValueError
        key.verify(unb64u(signature), f"{header}.{payload}".encode())
        return Facts.model_validate(json.loads(unb64u(payload)))
    except (ValueError, RecursionError, InvalidSignature):
        raise ValueError("not an introspection signed by this LedgerOS") from None
