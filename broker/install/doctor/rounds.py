"""Every check, in the order in which their cures make sense; then what is still to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from broker.install.doctor import (
    certificate,
    channel,
    confined_browser,
    damaged_file,
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

Check = Callable[[Machine], Iterator[Finding]]

_FIRST: tuple[Check, ...] = (damaged_file.check, newer_database.check)
CHECKS: tuple[Check, ...] = (
    *_FIRST,
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
    """What all checks find. Files that are damaged, and a database that this program may not open, are found alone.

    A step that is still to do is said once and in its place, though another check may miss its result as well.
    """
    for check in _FIRST:
        if found := list(check(machine)):
            return found
    steps = list(setup.check(machine))
    told = {step.name for step in steps}
    return [finding for check in CHECKS[len(_FIRST) :] for finding in check(machine) if finding.name not in told] + steps
