"""Which proof an approval needs. Pure: the organisation's setting, what the token attested, what the decision says.

The twin of ``extension/release/mismatch.ts``: LedgerOS decides by this one, the popup knows by its own
whether to ask for the passkey; ``tests/conformance`` holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from broker.core.money import tolerance
from broker.protocol.decision import Decision, Mismatch
from broker.protocol.facts import ApprovalSetting


@dataclass(slots=True)  # not frozen: that makes one three times as slow
class Attested:
    """What LedgerOS knows by itself; amounts in minor units of the decision's currency."""

    approval: ApprovalSetting
    step_up_above: int
    expected_amount: int | None
    origin: str | None
    origin_linked: bool
    tolerance_basis_points: int


def mismatches(decision: Decision, attested: Attested) -> set[Mismatch]:
    """Claims that what the browser saw contradicts, recomputed from the decision and the token."""
    found: set[Mismatch] = set()
    place = decision.seen.origin
    if decision.claimed.origin not in (None, place) or attested.origin not in (None, place):
        found.add("origin")
    seen, expected = decision.seen.page_amount, attested.expected_amount
    if seen is not None and expected is not None and abs(seen - expected) > tolerance(expected, attested.tolerance_basis_points):
        found.add("amount")
    return found


def passkey_reason(decision: Decision, attested: Attested) -> str | None:
    """Why this decision needs a passkey, in words for a person, or None when a click is enough.

    A mismatch, and anything beyond what the token is bound to (its amount, its origin when one was
    given), needs a passkey whatever the setting.
    """
    beyond = beyond_reason(decision, attested)
    if beyond is not None:
        return beyond
    if decision.mismatches or mismatches(decision, attested):
        return "what was claimed differs from what the browser sees"
    if attested.approval == "click":
        return None
    if attested.approval == "passkey":
        return "the organisation asks for it every time"
    return _step_up_reason(decision, attested)


def beyond_reason(decision: Decision, attested: Attested) -> str | None:
    """What of the decision goes beyond what the token is bound to, in words, or None."""
    expected = attested.expected_amount
    if expected is not None and decision.max_amount > expected + tolerance(expected, attested.tolerance_basis_points):
        return "the amount is above what was asked for"
    if attested.origin is not None and attested.origin != decision.seen.origin:
        return "the page is not where the agent meant to pay"
    return None


def _step_up_reason(decision: Decision, attested: Attested) -> str | None:
    if decision.max_amount > attested.step_up_above:
        return "the amount is above the step-up threshold"
    if not attested.origin_linked:
        return "it is the first time at this merchant"
    return "the page will see the number" if decision.mode == "direct" else None
