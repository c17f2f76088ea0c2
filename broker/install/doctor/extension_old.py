"""The extension that the browser loads is older than the broker."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.extension_build import brought_version, manifest_version
from broker.install.installer import installed_extension, read_record

NAME = "extension-old"


def check(machine: Machine) -> Iterator[Finding]:
    """The installed copy must be of this LedgerOS's version or newer."""
    manifest = installed_extension(machine.state) / "manifest.json"
    if not manifest.exists():
        if read_record(machine.state).browsers:
            yield Finding("extension-missing", "The extension's folder is gone; the browser cannot load it.", "ledgeros install")
        return
    found, wanted = manifest_version(manifest), brought_version()
    if _numbers(found) < _numbers(wanted):
        what = f"The extension is version {found}, the broker {wanted}."
        yield Finding(NAME, what, "ledgeros install, then Reload on the browser's extensions page")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
