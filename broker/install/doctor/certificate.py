"""A certificate is missing, past its end, or not valid yet by this machine's clock."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.pki.profile import Roles

NAME = "certificate"


def check(machine: Machine) -> Iterator[Finding]:
    """Every leaf must be there and valid now."""
    now = machine.now()
    if not any(machine.state.pki.certificate_file(role).exists() for role in Roles):
        yield Finding(f"{NAME}-missing", "No certificates have been made yet: LedgerOS was never started here.", "ledgeros up")
        return
    for role in Roles:
        path = machine.state.pki.certificate_file(role)
        if not path.exists():
            yield Finding(f"{NAME}-missing", f"{path.name} is missing.", "ledgeros certs init")
            continue
        found = machine.state.pki.certificate(role)
        if found.not_valid_after_utc <= now:
            yield Finding(f"{NAME}-expired", f"{path.name} expired on {found.not_valid_after_utc:%Y-%m-%d}.", "ledgeros certs rotate")
        elif found.not_valid_before_utc > now:
            what = f"{path.name} is valid from {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC only: the clock is behind."
            yield Finding(f"{NAME}-not-yet-valid", what, "Set this machine's clock.")
