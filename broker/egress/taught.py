"""``taught.json``: endpoints that a person taught. Written by the CLI at a person's word, read here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from broker.core.state_files import DamagedFileError
from broker.egress.owned_file import read_owned
from broker.pki.files import write_private
from broker.protocol.egress import TaughtBy
from broker.protocol.processors import EncryptingFrames, Endpoint, TaughtEndpoint, taught_entries

FILE = "taught.json"
_MOST_HOSTS = 20


def read_taught(folder: Path) -> tuple[TaughtEndpoint, ...]:
    """The taught entries of `folder`; none when there is no file. Raises `LedgerError` for an unsafe or malformed one."""
    data = read_owned(folder / FILE)
    if data is None:
        return ()
    try:
        return taught_entries.validate_json(data)
    except ValidationError:
        raise DamagedFileError(folder / FILE, "Mend or remove it, then teach again.") from None


def write_taught(folder: Path, entries: tuple[TaughtEndpoint, ...]) -> None:
    """Replace the taught entries of `folder`."""
    text = json.dumps([entry.wire() for entry in entries], indent=2)
    write_private(folder / FILE, text.encode() + b"\n")


def told_of(taught: tuple[TaughtEndpoint, ...]) -> tuple[TaughtEndpoint, ...]:
    """Of `taught` what `taught_by` names to the person: nothing goes where it does not say, however many were added and dated back."""
    hosts: dict[str, list[str]] = {}
    for entry in sorted(taught, key=lambda entry: entry.confirmed_at, reverse=True):
        of_shop = hosts.setdefault(entry.origin, [])
        if entry.host not in of_shop and len(of_shop) < _MOST_HOSTS:
            of_shop.append(entry.host)
    return tuple(entry for entry in taught if entry.host in hosts[entry.origin])


def taught_by(entries: Iterable[Endpoint | EncryptingFrames]) -> TaughtBy | None:
    """Who taught `entries` last, and where they lead, which `told_of` keeps to a few; None when nobody taught any of them."""
    taught = sorted((entry for entry in entries if isinstance(entry, TaughtEndpoint)), key=lambda entry: entry.confirmed_at)
    if not taught:
        return None
    hosts = dict.fromkeys(entry.host for entry in reversed(taught))
    return TaughtBy(by=taught[-1].confirmed_by, at=taught[-1].confirmed_at, hosts=tuple(hosts))
