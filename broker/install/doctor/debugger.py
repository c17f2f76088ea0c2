"""Another program can drive a running browser: it can also click Approve, which a passkey prevents."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.processes import browsers
from broker.install.next_steps import organisation_approvals

NAME = "debugger-attached"
_FLAGS = ("--remote-debugging-port", "--remote-debugging-pipe", "--remote-debugging-address")


def check(machine: Machine) -> Iterator[Finding]:
    """A fault where a click is enough to approve; otherwise a caution."""
    for browser in browsers(machine.proc):
        flag = next((flag for flag in _FLAGS if any(word.partition("=")[0] == flag for word in browser.words)), None)
        if flag is not None:
            by_click = _click_approves(machine)
            what = f"{browser} was started with {flag}: whatever drives it can click Approve, but not use your passkey."
            cure = (
                "In the dashboard, Settings > Approval: choose passkey." if by_click else f"kill {browser.pid}, unless an agent drives it"
            )
            yield Finding(NAME, what, cure, "fault" if by_click else "caution")


def _click_approves(machine: Machine) -> bool:
    database = machine.state.issuer / "issuer.db"
    return database.exists() and "click" in organisation_approvals(machine.state)
