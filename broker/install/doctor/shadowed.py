"""A user-level manifest wins over the machine-wide one: the browser starts another host than the one meant."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.manifests import is_ours, system_manifest, user_manifest
from broker.install.installer import read_record
from broker.install.native_messaging import BROWSERS, spoken_name

NAME = "host-manifest-shadowed"


def check(machine: Machine) -> Iterator[Finding]:
    """What a browser reads first must be ours, wherever we told that browser or an administrator did."""
    told = read_record(machine.state).browsers
    for browser in dict.fromkeys((*BROWSERS, *told)):
        user, machine_wide = user_manifest(machine, browser), is_ours(machine, system_manifest(machine, browser))
        if user is None or is_ours(machine, user) or not (machine_wide or browser in told):
            continue
        hidden = "hides the machine-wide one" if machine_wide else "belongs to another installation"
        place = machine.registry.plan(browser, b"")[-1].place
        yield Finding(NAME, f"{spoken_name(browser)} reads a manifest that {hidden}.", f"Remove it, then run ledgeros install: {place}")
