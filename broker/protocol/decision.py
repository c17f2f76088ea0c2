"""The decision: exactly what a person approved, as bytes that the extension's key and the passkey sign.

digest = SHA-256("ledgeros/decision/v1" LF JCS(decision)). The device key signs the digest (Ed25519);
a passkey signs it as its WebAuthn challenge. LedgerOS verifies both before it opens anything.
"""

from __future__ import annotations

from typing import Literal

from broker.core.canonical import digest_of
from broker.protocol.wire import Amount, Base64Url, Currency, Id, Label, Millis, Origin, ShortText, Wire

DECISION_DOMAIN = "ledgeros/decision/v1"

Mode = Literal["direct", "surrogate"]
Mismatch = Literal["origin", "amount"]
Reason = Literal["one-time", "subscription", "preauth"]
"""What card details are for. With ``subscription`` the same shop may charge again, up to the approved amount, without being approved again.

``preauth`` holds an amount that is charged later: one authorisation, like ``one-time``.
"""


class Claimed(Wire):
    """What the agent said: to LedgerOS (attested) and to the broker."""

    origin: Origin | None
    merchant_text: ShortText | None
    amount: Amount | None
    currency: Currency
    purpose: ShortText


class Seen(Wire):
    """What the browser itself reports; only `page_amount` comes from the page and is labelled so.

    `frame_origins` are the other sites whose frames in this page hold card fields: each was shown with what it gets, if anything.
    """

    origin: Origin
    frame_origins: tuple[Origin, ...]
    page_amount: Amount | None
    first_time_here: bool


class Decision(Wire):
    """An approval of one release on one page.

    `token_hash` is base64url SHA-256 of the `detailsToken`, or null when approval comes first.
    `intent_id` names the intent it was decided on then; `grant_id` the standing rule that decided
    in the person's place.
    `max_amount` is the most the person agreed to, in minor units, and `reason` what for: only a
    ``subscription`` that was approved as one lets further charges pass. `facts_hash` is base64url
    SHA-256 of the signed introspection that was shown. `recipient_key_id` names the enrolled key
    the credentials are sealed to.
    """

    version: Literal[1]
    release_id: Id
    token_hash: Base64Url | None
    facts_hash: Base64Url
    access_event_id: Id | None
    intent_id: Id | None = None
    grant_id: Id | None = None
    broker_id: Id
    device_id: Id
    agent_id: Id
    card_id: Id
    last4: str
    agent_name: Label
    claimed: Claimed
    seen: Seen
    mismatches: tuple[Mismatch, ...]
    max_amount: Amount
    currency: Currency
    reason: Reason
    mode: Mode
    recipient_key_id: Base64Url
    decided_at: Millis
    expires_at: Millis
    nonce: Base64Url

    def digest(self) -> bytes:
        """The 32 bytes that every signer signs."""
        return self.digest_of(self.canonical())

    @staticmethod
    def digest_of(canonical: bytes) -> bytes:
        """`digest` of a decision whose `canonical` bytes are there already."""
        return digest_of(DECISION_DOMAIN, canonical)


class PasskeyAssertion(Wire):
    """A WebAuthn assertion over the decision's digest (base64url members as in the WebAuthn JSON form)."""

    credential_id: Base64Url
    authenticator_data: Base64Url
    client_data_json: Base64Url
    signature: Base64Url

    def stored(self) -> str:
        """The JSON of this message, at a third of the time that its model takes."""
        return (
            f'{{"credentialId":"{self.credential_id}","authenticatorData":"{self.authenticator_data}",'
            f'"clientDataJson":"{self.client_data_json}","signature":"{self.signature}"}}'
        )


class SignedDecision(Wire):
    """A decision with the signatures that make it one."""

    decision: Decision
    device_signature: Base64Url
    passkey: PasskeyAssertion | None = None

    def stored(self, canonical: bytes) -> str:
        """The JSON of this message around its decision's `canonical` bytes, which are not made a second time.

        What else is in it is base64url, so nothing in it needs escaping.
        """
        passkey = "null" if self.passkey is None else self.passkey.stored()
        return f'{{"decision":{canonical.decode()},"deviceSignature":"{self.device_signature}","passkey":{passkey}}}'
