"""The browser cannot find the native messaging host, or what it names is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.manifests import is_ours, system_manifest, user_manifest
from broker.install.installer import read_record
from broker.install.native_messaging import BROWSERS, spoken_name

NAME = "host-manifest-missing"


def check(machine: Machine) -> Iterator[Finding]:
    """Every browser that `install` told and that is still there must still be told, and the launcher must be there."""
    told = read_record(machine.state).browsers
    if not told:
        yield Finding(NAME, "No browser has been told of the broker.", "ledgeros install")
    for browser in (name for name in told if name in BROWSERS or Path(name).is_dir()):
        user = user_manifest(machine, browser)
        if user is None and not is_ours(machine, system_manifest(machine, browser)):
            yield Finding(NAME, f"{spoken_name(browser)} has lost its native messaging manifest.", "ledgeros install")
        elif user is not None and is_ours(machine, user) and not Path(str(user["path"])).is_file():
            yield Finding(NAME, f"{spoken_name(browser)} has a manifest whose launcher is gone.", "ledgeros install")
