"""Approvals need a passkey and none is enrolled: every payment would end at the prompt."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.next_steps import organisation_approvals
from broker.issuer.admin import list_enrolled

NAME = "authenticator-missing"


def check(machine: Machine) -> Iterator[Finding]:
    """Looks at the LedgerOS of this state folder; one elsewhere is asked by its own operator."""
    if not (machine.state.issuer / "issuer.db").exists():
        return
    approvals = organisation_approvals(machine.state)
    enrolled = [row for row in list_enrolled(machine.state.path, "passkey") if row["revoked_at"] is None]
    if not enrolled and any(approval != "click" for approval in approvals):
        yield Finding(NAME, "Approvals need a passkey, and none is enrolled.", "In the extension's options: Add a passkey.")
