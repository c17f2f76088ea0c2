"""What a broker and LedgerOS say to each other on the mutual-TLS listener, ``/broker/v1/…``.

| call | body → answer |
|---|---|
| ``GET  /broker/v1/health`` | → `Health` |
| ``POST /broker/v1/enrolments/broker`` | `EnrolBroker` → `BrokerEnrolled` |
| ``POST /broker/v1/enrolments/device`` | `EnrolDevice` → `DeviceEnrolled` |
| ``POST /broker/v1/enrolments/egress`` | `EnrolEgress` → `EgressEnrolled` |
| ``POST /broker/v1/introspect`` | `Introspect` → `Introspected` |
| ``POST /broker/v1/redeem`` | `Redeem` → `Redeemed` |
| ``POST /broker/v1/outcomes`` | `ReportOutcome` → ``{}`` |
| ``POST /broker/v1/grants`` | `protocol.grants.SignedGrant` → `GrantState` |
| ``GET  /broker/v1/grants`` | → `Grants`, those made on this broker's devices |
| ``POST /broker/v1/actions`` | `protocol.grants.SignedAction` → ``{}`` |
| ``POST /broker/v1/windows/close`` | `CloseWindow` → ``{}`` |

The broker's stable id comes from its certificate (URI SAN), never from a body.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from broker.protocol.decision import SignedDecision
from broker.protocol.denial import SignedDenial
from broker.protocol.facts import ApprovalSetting
from broker.protocol.grants import GrantState
from broker.protocol.outcomes import Outcome
from broker.protocol.sealing import Sealed
from broker.protocol.surrogate import SurrogateCard
from broker.protocol.wire import Amount, Base64Url, Currency, Id, Label, Millis, ShortText, Wire

DetailsToken = Annotated[str, StringConstraints(pattern=r"^tok_[A-Za-z0-9_-]{43}$")]
"""256 random bits after ``tok_``."""


class TokenAlarm(Wire):
    """A details token, or a stand-in for a card's number, was presented where it should not be.

    ``another_agent`` is the broker's own: one agent brought the token of another. The others are LedgerOS's.
    `message` is one sentence for the person and names no secret.
    """

    at: Millis
    kind: Literal["replayed", "stolen", "surrogate", "another_agent"]
    last4: Annotated[str, StringConstraints(pattern=r"^\d{4}$")] | None
    message: ShortText


class Health(Wire):
    """LedgerOS is there, and how it knows this broker. `alarm` is its organisation's newest of the last 24 hours."""

    time: Millis
    broker_id: Id
    enrolled: bool
    organisation_name: Label | None
    alarm: TokenAlarm | None = None


class EnrolBroker(Wire):
    """A code that a signed-in person created for a broker; the TLS session proves the broker's key."""

    code: Annotated[str, StringConstraints(min_length=16, max_length=24)]
    name: Label


class BrokerEnrolled(Wire):
    """This broker now acts for `organisation_name`."""

    broker_id: Id
    organisation_name: Label


class PasskeyRegistration(Wire):
    """A WebAuthn registration made in an extension page (base64url members of the WebAuthn JSON form)."""

    credential_id: Base64Url
    client_data_json: Base64Url
    attestation_object: Base64Url


class EnrolDevice(Wire):
    """A browser's public keys, proven by the code the person typed (`protocol.proof`, ceremony ``enrolment``).

    `signing_key` is raw Ed25519, `sealing_key` raw X25519. `proof` is by role ``extension`` over
    every other field. With `device_id` set, the registration adds a passkey to that device.
    """

    code_id: Base64Url
    device_name: Label
    extension_origin: Annotated[str, StringConstraints(pattern=r"^chrome-extension://[a-p]{32}$")]
    signing_key: Base64Url
    sealing_key: Base64Url
    passkey: PasskeyRegistration | None
    nonce: Base64Url
    proof: Base64Url


class DeviceEnrolled(Wire):
    """LedgerOS's answer, proven by role ``issuer`` over ``{"request": EnrolDevice, "answer": this without proof}``.

    `issuer_key` is the raw Ed25519 key that signs introspections: the extension pins it.
    """

    device_id: Id
    broker_id: Id
    organisation_name: Label
    user_facing_origin: str
    issuer_key: Base64Url
    approval: ApprovalSetting
    passkeys: int
    proof: Base64Url


class EnrolEgress(Wire):
    """An egress's public key, proven by the code the person typed (`protocol.proof`, ceremony ``enrolment``).

    `sealing_key` is raw X25519. `proof` is by role ``egress`` over every other field.
    """

    code_id: Base64Url
    name: Label
    sealing_key: Base64Url
    nonce: Base64Url
    proof: Base64Url


class EgressEnrolled(Wire):
    """LedgerOS's answer, proven by role ``issuer`` over ``{"request": EnrolEgress, "answer": this without proof}``.

    `key_id` is what a decision names as its recipient (`protocol.sealing.key_id`).
    """

    egress_id: Id
    key_id: Base64Url
    broker_id: Id
    organisation_name: Label
    proof: Base64Url


class Introspect(Wire):
    """What is this token, or this intent? Exactly one is given; nothing is consumed."""

    token: DetailsToken | None = None
    intent_id: Id | None = None


class Introspected(Wire):
    """`facts` is a signed introspection (`protocol.facts`) when `active`; otherwise `reason` says why not."""

    active: bool
    reason: Literal["unknown", "expired", "used", "wrong_broker", "blocked"] | None
    message: str | None
    facts: str | None


class Redeem(Wire):
    """The token and the decision that spends it."""

    token: DetailsToken
    signed: SignedDecision


class Window(Wire):
    """One authorisation this card may pass, once, until `expires_at`."""

    id: Id
    max_amount: Amount
    currency: Currency
    expires_at: Millis


class Redeemed(Wire):
    """Sealed credentials and the authorisation window they are good for; in surrogate mode also what the page is to hold."""

    access_event_id: Id
    sealed: Sealed
    window: Window
    surrogate: SurrogateCard | None = None


class ReportOutcome(Wire):
    """How a release ended, for the joined record. `fields` are field types, never values.

    `access_event_id` is null when a release on an intent ended before it had a token; `intent_id` names the intent then.
    With ``denied`` and ``stopped``, `denial` is what makes it the person's word and not the broker's.
    """

    release_id: Id
    access_event_id: Id | None
    intent_id: Id | None = None
    outcome: Outcome
    fields: tuple[Label, ...]
    denial: SignedDenial | None = None


class Grants(Wire):
    """Standing rules and how often they acted."""

    grants: tuple[GrantState, ...]


class CloseWindow(Wire):
    """A release that was redeemed and not yet filled was stopped or withdrawn: its window authorises nothing any more."""

    access_event_id: Id
