"""Broker ⇄ egress: arm one release, send one paused payment request, stream back what may be shown.

Frames are a 32-bit little-endian length and that many bytes of UTF-8 JSON, on a Unix socket that
only the broker's user may open. `Send` is answered by nothing but `End` when no swap took place or
the merchant's answer fits into it, and else by `Head`, any number of `Chunk` and `End`. Bodies travel
as base64url.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from broker.protocol.decision import Decision
from broker.protocol.sealing import Sealed
from broker.protocol.surrogate import Surrogate
from broker.protocol.wire import Base64Url, Id, Label, Millis, Origin, ShortText, Wire

EGRESS_VERSION = 3
MAX_REQUEST_BODY = 4_000_000
"""Bytes of a payment request's body; a larger one is never swapped."""
MAX_FRAME = 6_000_000
"""Bytes of one frame: `MAX_REQUEST_BODY` in base64url, and the headers."""
MAX_HEADERS = 65_536
"""Characters of all names and values of a payment request's headers; with more it is never swapped."""
CHUNK = 192_000
"""Most response bytes in one `Chunk`, or in an `End`."""

BodyText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=5_400_000)]
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=8_192)]
HeaderPair = tuple[Annotated[str, StringConstraints(max_length=256)], Annotated[str, StringConstraints(max_length=16_384)]]
ResourceType = Literal["document", "frame", "fetch", "xhr", "ping", "other"]


class EgressOutcome(StrEnum):
    """What became of one paused request."""

    SWAPPED = "swapped"
    REDIRECT_REFUSED = "redirect_refused"
    NOT_REGISTERED = "not_registered"
    FIELD_MISMATCH = "field_mismatch"
    BODY_NOT_READABLE = "body_not_readable"
    CLIENT_SIDE_ENCRYPTED = "client_side_encrypted"
    REQUEST_REFUSED = "request_refused"
    REQUEST_TOO_LARGE = "request_too_large"
    ORIGIN_MISMATCH = "origin_mismatch"
    ACCOUNT_CHANGED = "account_changed"
    DESTINATION_REFUSED = "destination_refused"
    SWAP_ALREADY_USED = "swap_already_used"
    EXPIRED = "expired"
    MERCHANT_UNREACHABLE = "merchant_unreachable"
    MERCHANT_TIMEOUT = "merchant_timeout"
    RESPONSE_TOO_LARGE = "response_too_large"
    RESPONSE_NOT_SCRUBBABLE = "response_not_scrubbable"
    MAY_HAVE_BEEN_CHARGED = "may_have_been_charged"


BrowserStep = Literal["fulfil", "continue", "fail"]
"""What the extension does with the paused request: answer it with what was streamed, let it go on with the surrogate, or fail it."""


@dataclass(frozen=True, slots=True)
class EgressMeaning:
    """What an outcome tells people, agents and the extension.

    `may_have_been_charged` says whether real values may have reached the merchant; only without it
    may the same decision be tried again.
    """

    sentence: str
    next_step: str
    browser: BrowserStep
    may_have_been_charged: bool = False


_M, _O = EgressMeaning, EgressOutcome
EGRESS_MEANINGS: dict[EgressOutcome, EgressMeaning] = {
    _O.SWAPPED: _M(
        "The payment request was sent with the real card.", "Read the page for the result.", "fulfil", may_have_been_charged=True
    ),
    _O.REDIRECT_REFUSED: _M(
        "The payment was sent; the answer asks to send it on to a destination nobody registered, and it was not.",
        "Look at the order before paying again.", "fulfil", may_have_been_charged=True,
    ),
    _O.NOT_REGISTERED: _M(
        "No registered payment endpoint matches this request, so it went out with the surrogate number.",
        "Pay in direct mode, or let a person teach this checkout.", "continue",
    ),
    _O.FIELD_MISMATCH: _M(
        "The request is not built the way this endpoint is registered, so it went out with the surrogate number.",
        "Reload the checkout; if it stays so, pay in direct mode or let a person teach it.", "continue",
    ),
    _O.BODY_NOT_READABLE: _M(
        "The request's body is compressed, encrypted or in an unknown form, so it went out with the surrogate number.",
        "Pay in direct mode.", "continue",
    ),
    _O.CLIENT_SIDE_ENCRYPTED: _M(
        "This checkout encrypts the card inside the page, so the number cannot be swapped.", "Pay in direct mode.", "continue"
    ),
    _O.REQUEST_REFUSED: _M(
        "The request's method, address or headers have a form that no payment has, so no real value was sent.",
        "Reload the checkout and try again.", "fail",
    ),
    _O.REQUEST_TOO_LARGE: _M(
        "The request is larger than 4 MB, so it went out with the surrogate number.", "Pay in direct mode.", "continue"
    ),
    _O.ORIGIN_MISMATCH: _M(
        "The request comes from another page than the one that was approved; no real value was sent.",
        "Return to the approved checkout and ask again.", "fail",
    ),
    _O.ACCOUNT_CHANGED: _M(
        "The request is for another merchant account or processor than this shop used before; no real value was sent. "
        "A person can agree to it: ledgeros egress accounts allow.",
        "Ask the person: the shop may have changed its account, or the page was tampered with.", "fail",
    ),
    _O.DESTINATION_REFUSED: _M(
        "The destination is not a public https address; no real value was sent.", "Do not pay here.", "fail"
    ),
    _O.SWAP_ALREADY_USED: _M(
        "This approval has already paid once; the second request went out with the surrogate number.",
        "Look at the order before asking again.", "continue",
    ),
    _O.EXPIRED: _M(
        "The approval ended before the page sent its payment; the request went out with the surrogate number.",
        "Ask for the card again, then pay.", "continue",
    ),
    _O.MERCHANT_UNREACHABLE: _M("The payment endpoint could not be reached; nothing was sent.", "Try to pay again.", "fail"),
    _O.MERCHANT_TIMEOUT: _M(
        "The merchant did not answer in time; the card may have been charged.", "Look at the order before paying again.", "fail",
        may_have_been_charged=True,
    ),
    _O.RESPONSE_TOO_LARGE: _M(
        "The merchant's answer was too large to check for the number; the card may have been charged.",
        "Look at the order before paying again.", "fail", may_have_been_charged=True,
    ),
    _O.RESPONSE_NOT_SCRUBBABLE: _M(
        "The merchant's answer could not be checked for the number, so it was withheld; the card may have been charged.",
        "Look at the order before paying again.", "fail", may_have_been_charged=True,
    ),
    _O.MAY_HAVE_BEEN_CHARGED: _M(
        "The connection broke after the payment was sent; the card may have been charged.", "Look at the order before paying again.",
        "fail", may_have_been_charged=True,
    ),
}  # fmt: skip


# Broker → egress -------------------------------------------------------------------------------


class Arm(Wire):
    """Hold the credentials of one release for one request. They open only under exactly this decision."""

    type: Literal["arm"] = "arm"
    decision: Decision
    sealed: Sealed
    surrogate: Surrogate


class Send(Wire):
    """One request the extension paused. Origins, frame and type come from browser APIs, never from the page.

    `top_origin` is the tab's, `frame_origin` that of the frame or worker that made the request;
    `headers` are the page's as the browser reports them and are the agent's to choose.
    """

    type: Literal["send"] = "send"
    request_id: RequestId
    release_id: Id
    url: Url
    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,10}$")]
    headers: Annotated[tuple[HeaderPair, ...], Field(max_length=100)]
    body: BodyText
    top_origin: Origin
    frame_origin: Origin
    resource_type: ResourceType
    user_activated: bool = False

    @model_validator(mode="after")
    def _fits_a_frame(self) -> Self:
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADERS:
            raise ValueError("the headers are too large")
        return self


class Disarm(Wire):
    """Forget a release's credentials now."""

    type: Literal["disarm"] = "disarm"
    release_id: Id


class AskHealth(Wire):
    """Are you there, and which key is yours?"""

    type: Literal["ask_health"] = "ask_health"


class AskCoverage(Wire):
    """Would a checkout at `origin`, with card fields in frames of `frame_origins`, be covered by the registry?"""

    type: Literal["ask_coverage"] = "ask_coverage"
    request_id: RequestId
    origin: Origin
    frame_origins: Annotated[tuple[Origin, ...], Field(max_length=50)]


# Egress → broker -------------------------------------------------------------------------------


class Armed(Wire):
    """The credentials are held until `expires_at` or one request, whichever comes first."""

    type: Literal["armed"] = "armed"
    release_id: Id
    expires_at: Millis


class Disarmed(Wire):
    """They are forgotten. `was_armed` is false when there was nothing to forget."""

    type: Literal["disarmed"] = "disarmed"
    release_id: Id
    was_armed: bool


class Head(Wire):
    """Status and headers of the merchant's answer, scrubbed. `Set-Cookie` may occur several times."""

    type: Literal["head"] = "head"
    request_id: RequestId
    status: Annotated[int, Field(ge=200, le=599)]
    reason: str
    headers: tuple[tuple[str, str], ...]


class Chunk(Wire):
    """The next bytes of the scrubbed body, without content encoding."""

    type: Literal["chunk"] = "chunk"
    request_id: RequestId
    data: BodyText


class WholeAnswer(Wire):
    """A `Head` and all of its body, without content encoding: at most `CHUNK` bytes."""

    status: Annotated[int, Field(ge=200, le=599)]
    reason: str
    headers: tuple[tuple[str, str], ...]
    data: BodyText


class End(Wire):
    """How it ended: always the last message of a request. Only with it is a `Head` to be believed complete.

    `answer` is the merchant's, where no `Head` came before: one message is sooner there than three.
    `entry` is the registry entry that matched, also where its account was refused; `fields` are the kinds of field that were swapped;
    `account_first_seen` says that the merchant account was taken on trust, as there was none to compare with;
    `hint` what the scrubbed answer looks like: a 3-D Secure challenge, or a refusal of the request as automated.
    """

    type: Literal["end"] = "end"
    request_id: RequestId
    outcome: EgressOutcome
    may_have_been_charged: bool
    entry: Label | None = None
    fields: tuple[Literal["number", "securityCode"], ...] = ()
    account_first_seen: bool = False
    hint: Literal["challenge_required", "blocked_by_merchant"] | None = None
    answer: WholeAnswer | None = None


class TaughtBy(Wire):
    """That a person taught this checkout: `by` is their name at this machine, `at` when they did last, `hosts` where the number may go."""

    by: Label
    at: Millis
    hosts: tuple[Annotated[str, StringConstraints(min_length=1, max_length=253)], ...]


class Coverage(Wire):
    """The answer to `AskCoverage`. ``covered``: a swap is possible there; ``client_side_encrypted``: it is known to be impossible.

    `names` are the processors that speak about this checkout; `key_id` names the key to seal to, null without a running egress;
    `taught` is null where nobody taught it.
    """

    type: Literal["coverage"] = "coverage"
    request_id: RequestId
    verdict: Literal["covered", "client_side_encrypted", "unknown", "egress_unavailable"]
    names: tuple[Label, ...] = ()
    key_id: Base64Url | None = None
    taught: TaughtBy | None = None


class Health(Wire):
    """This egress and the raw X25519 public key that LedgerOS is to seal to."""

    type: Literal["health"] = "health"
    version: int
    public_key: Base64Url
    key_id: Base64Url
    sandbox: bool
    entries: tuple[Label, ...]
    armed: int


class Fault(Wire):
    """A message that could not be acted on; nothing was armed or sent."""

    type: Literal["fault"] = "fault"
    code: Literal["malformed", "wrong_mode", "wrong_key", "wrong_surrogate", "bad_seal", "expired", "already_used", "busy"]
    message: ShortText
    release_id: Id | None = None


ToEgress = Annotated[Arm | Send | Disarm | AskCoverage | AskHealth, Field(discriminator="type")]
FromEgress = Annotated[Armed | Disarmed | Head | Chunk | End | Coverage | Health | Fault, Field(discriminator="type")]

to_egress: TypeAdapter[ToEgress] = TypeAdapter(ToEgress)
from_egress: TypeAdapter[FromEgress] = TypeAdapter(FromEgress)
