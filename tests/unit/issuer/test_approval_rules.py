"""Which proof an approval needs, by hypothesis: more doubt never asks for less."""

from __future__ import annotations

import dataclasses
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from broker.issuer.redeem.approval import Attested, mismatches, passkey_reason
from broker.protocol.decision import Decision
from broker.protocol.facts import ApprovalSetting

SHOP = "https://shop.example"
BASE = {
    "version": 1, "releaseId": "rel_1", "tokenHash": "AA", "factsHash": "AA", "accessEventId": "evt_1", "brokerId": "brk_1",
    "deviceId": "dev_1", "agentId": "agent_1", "cardId": "card_1", "last4": "4242", "agentName": "bot",
    "claimed": {"origin": SHOP, "merchantText": None, "amount": 5000, "currency": "USD", "purpose": "x"},
    "seen": {"origin": SHOP, "frameOrigins": [], "pageAmount": 5000, "firstTimeHere": False}, "mismatches": [], "maxAmount": 5000,
    "currency": "USD", "mode": "surrogate", "recipientKeyId": "AA", "decidedAt": 1, "expiresAt": 2, "nonce": "AA",
}  # fmt: skip
KNOWN = Attested("step-up", 10_000, 5000, SHOP, True, 200)


def decision(**changes: object) -> Decision:
    return Decision.model_validate({**BASE, **changes})


def seen(**changes: object) -> dict[str, object]:
    return {**BASE["seen"], **changes}  # type: ignore[dict-item]


def test_a_routine_purchase_needs_a_click() -> None:
    assert passkey_reason(decision(), KNOWN) is None
    assert mismatches(decision(), KNOWN) == set()


def test_an_amount_inside_the_tolerance_is_no_mismatch() -> None:
    assert mismatches(decision(seen=seen(pageAmount=5100)), KNOWN) == set()
    assert mismatches(decision(seen=seen(pageAmount=4899)), KNOWN) == {"amount"}
    assert mismatches(decision(seen=seen(pageAmount=None)), KNOWN) == set()


def test_a_claim_to_either_side_is_compared() -> None:
    other = "https://other.example"
    claimed = {**BASE["claimed"], "origin": other}  # type: ignore[dict-item]
    assert mismatches(decision(claimed=claimed), KNOWN) == {"origin"}
    assert mismatches(decision(), dataclasses.replace(KNOWN, origin=other)) == {"origin"}


def test_a_mismatch_needs_the_passkey_whatever_the_setting() -> None:
    elsewhere = decision(claimed={**BASE["claimed"], "origin": "https://other.example"})  # type: ignore[dict-item]
    less = decision(seen=seen(pageAmount=4899), maxAmount=4899)
    shown = decision(mismatches=["amount"])  # what the person was shown counts, even where LedgerOS cannot see it
    for setting in get_args(ApprovalSetting):
        attested = dataclasses.replace(KNOWN, approval=setting, origin=None)
        assert [passkey_reason(made, attested) is not None for made in (elsewhere, less, shown)] == [True, True, True], setting


@given(
    amount=st.integers(0, 20_000),
    page=st.none() | st.integers(0, 20_000),
    linked=st.booleans(),
    direct=st.booleans(),
    origin=st.sampled_from([None, SHOP, "https://other.example"]),
)
def test_stricter_settings_never_ask_for_less(amount: int, page: int | None, linked: bool, direct: bool, origin: str | None) -> None:
    made = decision(maxAmount=amount, seen=seen(pageAmount=page), mode="direct" if direct else "surrogate")
    attested = dataclasses.replace(KNOWN, origin_linked=linked, origin=origin)
    click, step_up, passkey = (
        passkey_reason(made, dataclasses.replace(attested, approval=setting)) is not None for setting in ("click", "step-up", "passkey")
    )
    assert passkey
    assert step_up >= click >= (amount > 5100 or bool(mismatches(made, attested)))
    assert step_up == (amount > 5100 or not linked or direct or bool(mismatches(made, attested)))
