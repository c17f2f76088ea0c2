"""The extension channel: opening, pairing, frames, and what travels inside them.

In surrogate mode `AskCoverage`, `Send` and their answers (`protocol.egress`) travel through the
broker as they are. The native messaging host copies bytes between the browser's stdio and a TLS stream; both sides
use the browser's own framing (32-bit little-endian length, UTF-8 JSON). Trust is end to end
between the extension and the broker: see PROTOCOL.md for the handshake in pictures.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from broker.protocol.decision import Claimed, SignedDecision
from broker.protocol.denial import SignedDenial
from broker.protocol.egress import AskCoverage, Chunk, Coverage, End, Head, Send
from broker.protocol.grants import GrantState, SignedAction, SignedGrant
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice, TokenAlarm
from broker.protocol.outcomes import Outcome
from broker.protocol.sealing import Sealed
from broker.protocol.surrogate import SurrogateCard
from broker.protocol.wire import Base64Url, Id, Label, Millis, ShortText, Wire

CHANNEL_VERSION = 1
MAX_MESSAGE = 1_000_000
"""Bytes of one outer message: a native host message above 1 MiB kills the port."""
CHUNK = 480_000
"""Plaintext bytes of one frame; longer messages are cut into several."""
MAX_PLAINTEXT = 8_000_000
"""A reassembled message above this closes the channel."""

CHANNEL_DOMAIN = "ledgeros/channel/v1"


# Outer messages, in the clear inside TLS -----------------------------------------------------


class Hello(Wire):
    """Extension → broker, first on every connection. `device_key` is its raw Ed25519 public key."""

    type: Literal["hello"] = "hello"
    version: int
    extension_version: Label
    device_key: Base64Url
    ephemeral: Base64Url
    nonce: Base64Url


class Welcome(Wire):
    """Broker → extension.

    `signature` (Ed25519, `broker_key`) is over digest("ledgeros/channel/v1/broker", {hello, welcome without signature}).
    """

    type: Literal["welcome"] = "welcome"
    version: int
    broker_version: Label
    broker_id: Id
    broker_key: Base64Url
    paired: bool
    ephemeral: Base64Url
    nonce: Base64Url
    time: Millis
    signature: Base64Url


class Finish(Wire):
    """Extension → broker. `signature` (Ed25519, device key) is over digest("ledgeros/channel/v1/extension", {hello, welcome})."""

    type: Literal["finish"] = "finish"
    signature: Base64Url


class Skew(Wire):
    """Broker → extension when it does not speak `Hello.version`; it then closes."""

    type: Literal["skew"] = "skew"
    versions: tuple[int, ...]
    broker_version: Label


class Frame(Wire):
    """One encrypted chunk. `n` counts from 0 in each direction; `more` says that the message goes on.

    AES-256-GCM, IV = 4 zero bytes ‖ n (64-bit big-endian), associated data = ASCII
    ``ledgeros/channel/v1 <e2b|b2e> <n> <0|1>``. Keys: HKDF-SHA256(X25519(ephemerals), salt =
    digest("ledgeros/channel/v1/extension", {hello, welcome}), info ``ledgeros/channel/v1/keys``),
    64 bytes: extension→broker first, broker→extension second.
    """

    type: Literal["frame"] = "frame"
    n: int = Field(ge=0)
    more: bool
    ciphertext: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=700_000)]


class Pair(Wire):
    """Extension → broker instead of `Finish` when not paired. `proof`: ceremony ``pairing``, role ``extension``,
    over ``{"hello", "welcome", "pair" without proof}``."""

    type: Literal["pair"] = "pair"
    code_id: Base64Url
    device_name: Label
    proof: Base64Url


class Paired(Wire):
    """Broker → extension: it pinned this device. `proof`: role ``broker`` over ``{"hello", "welcome", "pair", "paired" without proof}``.

    `replaces` names what this pairing takes the place of. The session then goes on with `Finish`.
    """

    type: Literal["paired"] = "paired"
    replaces: Label | None
    proof: Base64Url


class Refused(Wire):
    """Broker → extension, before it closes the connection."""

    type: Literal["refused"] = "refused"
    code: Literal["bad_code", "no_code", "too_many_tries", "bad_signature", "malformed"]
    message: ShortText


class HostFault(Wire):
    """Native host → extension: the broker cannot be reached or is not the one we pinned. Unauthenticated: only ever shown."""

    type: Literal["host_fault"] = "host_fault"
    code: Literal["broker_offline", "broker_untrusted", "certificate_expired", "not_configured"]
    message: ShortText


Outer = Annotated[Hello | Welcome | Finish | Skew | Frame | Pair | Paired | Refused | HostFault, Field(discriminator="type")]


# Inner messages, inside frames ---------------------------------------------------------------


class Offer(Wire):
    """Broker → extension: somebody asks for a release. `facts` is LedgerOS's signed introspection."""

    type: Literal["offer"] = "offer"
    release_id: Id
    facts: str
    claimed: Claimed
    page_url: Annotated[str, StringConstraints(max_length=2_048)] | None
    requested_at: Millis
    expires_at: Millis


class Withdrawn(Wire):
    """Broker → extension: the release is over; nothing more is to be done for it."""

    type: Literal["withdrawn"] = "withdrawn"
    release_id: Id
    outcome: Outcome
    message: ShortText


class Deliver(Wire):
    """Broker → extension: credentials sealed to this device's key, under its decision."""

    type: Literal["deliver"] = "deliver"
    release_id: Id
    sealed: Sealed


class DeliverSurrogate(Wire):
    """Broker → extension: the egress holds the credentials; fill `card` and pause the page's payment request."""

    type: Literal["deliver_surrogate"] = "deliver_surrogate"
    release_id: Id
    card: SurrogateCard


class Ready(Wire):
    """Extension → broker, surrogate mode: the stand-ins are in the form and its requests are watched; the agent may submit.

    `debugged`: another program debugged the tab right before; that is written down and changes nothing.
    """

    type: Literal["ready"] = "ready"
    release_id: Id
    fields: tuple[Label, ...]
    debugged: bool = False


class Shown(Wire):
    """Extension → broker: a person can see the request now."""

    type: Literal["shown"] = "shown"
    release_id: Id


class Approve(Wire):
    """Extension → broker: the signed decision."""

    type: Literal["approve"] = "approve"
    release_id: Id
    signed: SignedDecision


class Deny(Wire):
    """Extension → broker: the person said no. Heard without a signature too, but then nobody beyond the broker can know whose no it is."""

    type: Literal["deny"] = "deny"
    release_id: Id
    signed: SignedDenial | None = None


class Result(Wire):
    """Extension → broker: how it ended there. `fields` are field types that hold a value now, `failed` those that do not.

    `detail` says in a sentence what the outcome alone does not, such as why a payment could not be paused.
    """

    type: Literal["result"] = "result"
    release_id: Id
    outcome: Outcome
    fields: tuple[Label, ...]
    failed: tuple[Label, ...]
    detail: ShortText | None = None


class Stop(Wire):
    """Extension → broker: the person stopped a release they had approved, before anything was filled. Signed as a `Deny` is."""

    type: Literal["stop"] = "stop"
    release_id: Id
    signed: SignedDenial | None = None


class Presence(Wire):
    """Extension → broker: whether somebody can be asked. Unattended and no grant: refused at once, never waited on."""

    type: Literal["presence"] = "presence"
    attended: bool


class MakeGrant(Wire):
    """Extension → broker → LedgerOS: a new standing rule; answered with `GrantsAnswer`."""

    type: Literal["make_grant"] = "make_grant"
    request_id: Base64Url
    signed: SignedGrant


class ListGrants(Wire):
    """Extension → broker → LedgerOS: which rules there are; answered with `GrantsAnswer`."""

    type: Literal["list_grants"] = "list_grants"
    request_id: Base64Url


class Act(Wire):
    """Extension → broker → LedgerOS: freeze, pause, undo, revoke; answered with `ActAnswer`."""

    type: Literal["act"] = "act"
    request_id: Base64Url
    signed: SignedAction


class GrantsAnswer(Wire):
    """Broker → extension: all rules after the change, or why it was refused."""

    type: Literal["grants_answer"] = "grants_answer"
    request_id: Base64Url
    grants: tuple[GrantState, ...]
    error: ShortText | None


class ActAnswer(Wire):
    """Broker → extension: done when `error` is null."""

    type: Literal["act_answer"] = "act_answer"
    request_id: Base64Url
    error: ShortText | None


class Enrol(Wire):
    """Extension → broker → LedgerOS: passed on as it is; the broker cannot alter what the proof covers."""

    type: Literal["enrol"] = "enrol"
    request_id: Base64Url
    request: EnrolDevice


class EnrolAnswer(Wire):
    """Broker → extension: LedgerOS's answer, or why there is none."""

    type: Literal["enrol_answer"] = "enrol_answer"
    request_id: Base64Url
    answer: DeviceEnrolled | None
    error: ShortText | None


class Status(Wire):
    """Broker → extension, after the opening and when it changes.

    `alarm` is LedgerOS's newest about a token of the organisation, `own_alarm` the broker's about one that came to it: side by
    side, so that neither hides the other.
    """

    type: Literal["status"] = "status"
    issuer_reachable: bool
    enrolled: bool
    organisation_name: Label | None
    alarm: TokenAlarm | None = None
    own_alarm: TokenAlarm | None = None


class Ping(Wire):
    """Either way; answered with `Pong`. Keeps the worker awake and finds a dead channel."""

    type: Literal["ping"] = "ping"


class Pong(Wire):
    """The answer to `Ping`."""

    type: Literal["pong"] = "pong"


ToExtension = Annotated[
    Offer
    | Withdrawn
    | Deliver
    | DeliverSurrogate
    | Coverage
    | Head
    | Chunk
    | End
    | EnrolAnswer
    | GrantsAnswer
    | ActAnswer
    | Status
    | Ping
    | Pong,
    Field(discriminator="type"),
]
ToBroker = Annotated[
    Shown | Approve | Deny | Stop | Presence | AskCoverage | Ready | Send | Result | Enrol | MakeGrant | ListGrants | Act | Ping | Pong,
    Field(discriminator="type"),
]

outer_messages: TypeAdapter[Outer] = TypeAdapter(Outer)
to_extension: TypeAdapter[ToExtension] = TypeAdapter(ToExtension)
to_broker: TypeAdapter[ToBroker] = TypeAdapter(ToBroker)
