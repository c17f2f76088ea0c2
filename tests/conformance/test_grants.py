"""Standing rules: what the extension decides by (extension/tests/grants.test.ts) is what LedgerOS decides by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from broker.core.canonical import b64u
from broker.policy.grants import Payment, covers
from broker.protocol.grants import Action, Grant, GrantState

FILE: dict[str, Any] = json.loads(Path(__file__).with_name("grants.json").read_text())


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["what"])
def test_both_languages_give_this_verdict(case: dict[str, Any]) -> None:
    said = case["payment"]
    payment = Payment(
        device_id=said["deviceId"], agent_id=said["agentId"], origin=said["origin"], amount=said["amount"], currency=said["currency"],
        mode=said["mode"], reason=said["reason"], mismatches=tuple(said["mismatches"]), at=said["at"],
    )  # fmt: skip
    verdict = covers(GrantState.read(case["state"]), payment)
    assert (verdict.covered, verdict.rule, verdict.sentence) == (case["covered"], case["rule"], case["sentence"])


def test_rules_and_actions_have_these_digests() -> None:
    assert b64u(Grant.read(FILE["grant"]["value"]).digest()) == FILE["grant"]["digest"]
    assert b64u(Action.read(FILE["action"]["value"]).digest()) == FILE["action"]["digest"]
