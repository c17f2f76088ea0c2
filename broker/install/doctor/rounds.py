"""Every check, in the order in which their cures make sense; then what is still to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from broker.install.doctor import (
    certificate,
    channel,
    confined_browser,
    debugger,
    egress,
    extension_id,
    extension_old,
    host_manifest,
    ledgeros,
    newer_database,
    port_taken,
    setup,
    shadowed,
)
from broker.install.doctor.finding import Finding, Machine

CHECKS: tuple[Callable[[Machine], Iterator[Finding]], ...] = (
    newer_database.check,
    certificate.check,
    port_taken.check,
    ledgeros.check,
    channel.check,
    host_manifest.check,
    extension_id.check,
    shadowed.check,
    confined_browser.check,
    extension_old.check,
    egress.check,
    debugger.check,
)


def diagnose(machine: Machine) -> list[Finding]:
    """What all checks find; a database that this program may not open is found alone.

    A step that is still to do is said once and in its place, though another check may miss its result as well.
    """
    if newer := list(newer_database.check(machine)):
        return newer
    steps = list(setup.check(machine))
    told = {step.name for step in steps}
    return [finding for check in CHECKS for finding in check(machine) if finding.name not in told] + steps
