"""The manifest admits another extension than ours: the browser then refuses to start the host."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.manifests import is_ours, user_manifest
from broker.install.extension_build import extension_id
from broker.install.installer import read_record
from broker.install.native_messaging import spoken_name

NAME = "wrong-extension-id"


def check(machine: Machine) -> Iterator[Finding]:
    """Our manifest must admit our extension."""
    wanted = f"chrome-extension://{extension_id()}/"
    for browser in read_record(machine.state).browsers:
        manifest = user_manifest(machine, browser)
        if manifest is not None and is_ours(machine, manifest) and wanted not in manifest.get("allowed_origins", []):
            what = f"{spoken_name(browser)} has a manifest that does not admit the extension {extension_id()}."
            yield Finding(NAME, what, "ledgeros install")
