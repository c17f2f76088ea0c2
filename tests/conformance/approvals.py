"""Which payments are a mismatch and which need the passkey: what LedgerOS's own functions say, for the extension to agree with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from broker.issuer.redeem.approval import Attested, mismatches, passkey_reason
from broker.protocol.decision import Claimed, Decision, Mismatch, Seen
from broker.protocol.facts import ApprovalSetting

SHOP = "https://shop.example.com"
ELSEWHERE = ["https://shop.example.com:8443", "http://shop.example.com", "https://example.com", "https://shop.example.com.evil.test"]
ROUTINE: dict[str, Any] = {"claimedOrigin": SHOP, "origin": SHOP, "pageAmount": 5000, "maxAmount": 5000, "mode": "surrogate"}
KNOWN: dict[str, Any] = {
    "approval": "step-up", "stepUpAbove": 10_000, "expectedAmount": 5000, "origin": SHOP, "originLinked": True, "toleranceBasisPoints": 500,
}  # fmt: skip


def _amounts() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for page in (4749, 4750, 4990, 5250, 5251, 49_900):
        yield f"the page says {page} of 5000", {"pageAmount": page, "maxAmount": page}, {}
    yield "no tolerance, one off", {"pageAmount": 5001, "maxAmount": 5001}, {"toleranceBasisPoints": 0}
    yield "nothing was to be paid and the page says one", {"pageAmount": 1, "maxAmount": 1}, {"expectedAmount": 0}
    yield "a tolerance of all of it", {"pageAmount": 199, "maxAmount": 199}, {"expectedAmount": 100, "toleranceBasisPoints": 10_000}
    yield "the page's amount cannot be read", {"pageAmount": None}, {}
    yield "nobody named an amount", {"pageAmount": 7000, "maxAmount": 7000}, {"expectedAmount": None}
    yield "nobody named one and none can be read", {"pageAmount": None, "maxAmount": 9000}, {"expectedAmount": None}
    yield "more is agreed to than the page says", {"maxAmount": 5251}, {}
    yield "above the step-up threshold", {}, {"stepUpAbove": 4999}
    yield "at the step-up threshold", {}, {"stepUpAbove": 5000}


def _places() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for place in ELSEWHERE:
        yield f"the broker was told of {place}", {"claimedOrigin": place}, {"origin": None}
        yield f"LedgerOS was told of {place}", {"claimedOrigin": place}, {"origin": place}
        yield f"the broker was told of the page, LedgerOS of {place}", {}, {"origin": place}
    yield "no address was claimed", {"claimedOrigin": None}, {"origin": None}
    yield "the first time here", {}, {"originLinked": False}
    yield "another address and another amount", {"claimedOrigin": ELSEWHERE[0], "pageAmount": 9900, "maxAmount": 9900}, {"origin": None}


def _cases() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "a routine purchase", {}, {}
    yield "the page sees the number", {"mode": "direct"}, {}
    yield from _amounts()
    yield from _places()


def approvals() -> list[dict[str, Any]]:
    """Every case under every setting, with the mismatches and the reason for a passkey."""
    return [
        _judged(what, {**ROUTINE, **judged}, {**KNOWN, **attested, "approval": setting})
        for setting in get_args(ApprovalSetting)
        for what, judged, attested in _cases()
    ]


def _judged(what: str, judged: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    attested = Attested(
        known["approval"], known["stepUpAbove"], known["expectedAmount"], known["origin"], known["originLinked"],
        known["toleranceBasisPoints"],
    )  # fmt: skip
    seen = mismatches(_decision(judged, ()), attested)
    found: tuple[Mismatch, ...] = tuple(name for name in get_args(Mismatch) if name in seen)
    reason = passkey_reason(_decision(judged, found), attested)
    return {"what": what, "judged": judged, "attested": known, "mismatches": list(found), "passkeyReason": reason}


def _decision(judged: dict[str, Any], found: tuple[Mismatch, ...]) -> Decision:
    """A decision that says what `judged` says; the rest of it plays no part."""
    return Decision(
        version=1, release_id="rel_1", token_hash="AA", facts_hash="AA", access_event_id="evt_1", broker_id="brk_1", device_id="dev_1",
        agent_id="agent_1", card_id="card_1", last4="4242", agent_name="bot",
        claimed=Claimed(origin=judged["claimedOrigin"], merchant_text=None, amount=None, currency="USD", purpose="Pens"),
        seen=Seen(origin=judged["origin"], frame_origins=(), page_amount=judged["pageAmount"], first_time_here=False),
        mismatches=found, max_amount=judged["maxAmount"], currency="USD", mode=judged["mode"], recipient_key_id="AA", decided_at=1,
        expires_at=2, nonce="AA",
    )  # fmt: skip
