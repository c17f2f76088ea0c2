"""A decision in a person's place: the standing rule is evaluated again here, in the transaction that counts its use."""

from __future__ import annotations

import sqlite3

from broker.core.errors import LedgerError
from broker.issuer.grants.uses import find_in_force, take_use
from broker.issuer.redeem.approval import Attested, beyond_reason, mismatches
from broker.policy import Payment, covers
from broker.protocol.decision import Decision
from broker.protocol.grants import Grant

_HINT = "A person can approve it, or change the rule."


def use_grant(raw: sqlite3.Connection, org_id: str, decision: Decision, attested: Attested, now: int) -> Grant | LedgerError:
    """Take one use of the grant that `decision` names, or say which of its bounds refuses."""
    found = find_in_force(raw, org_id, decision.grant_id or "", now)
    if found is None:
        return refused_by_rule("grant_unknown", "There is no such rule, or the browser or passkey that made it was revoked.")
    beyond = beyond_reason(decision, attested)
    if beyond is not None:
        return refused_by_rule("grant_mismatch", f"A rule cannot exceed the token: {beyond}.")
    contradicted = tuple(sorted({*decision.mismatches, *mismatches(decision, attested)}))
    payment = Payment(
        device_id=decision.device_id, agent_id=decision.agent_id, origin=decision.seen.origin, amount=decision.max_amount,
        currency=decision.currency, mode=decision.mode, reason=decision.reason, mismatches=contradicted, at=now,
    )  # fmt: skip
    coverage = covers(found, payment)
    if not coverage.covered:
        return refused_by_rule(coverage.rule, coverage.sentence)
    if not take_use(raw, found.grant, now):
        return refused_by_rule("grant_count", "The rule was used as often as it may be today.")
    return found.grant


def still_in_force(raw: sqlite3.Connection, org_id: str, grant_id: str, now: int) -> Grant | LedgerError:
    """A grant whose use was counted before, for another token under the same decision."""
    found = find_in_force(raw, org_id, grant_id, now)
    if found is None or found.revoked_at is not None or found.grant.ends_at <= now:
        return refused_by_rule("grant_revoked", "The rule was revoked or has ended.")
    return found.grant


def refused_by_rule(rule: str, sentence: str) -> LedgerError:
    """A refusal that names the bound."""
    return LedgerError(403, "refused_by_rule", f"Rule {rule}: {sentence}", _HINT)
