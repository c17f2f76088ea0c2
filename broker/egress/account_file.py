"""``accounts.json``: for each shop the processors it pays through, and for each of these a keyed hash of its account there.

A null instead of a hash says that a person agreed to this processor: the account of the next payment is
taken. The egress adds to the file, ``ledgeros egress accounts`` reads and changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from broker.core.file_lock import wait_lock
from broker.core.state_files import DamagedFileError
from broker.egress.owned_file import read_owned
from broker.pki.files import write_private
from broker.protocol.processors import Endpoint, bundled_processors

FILE = "accounts.json"
_LOCK = "accounts.lock"
_CURE = "Put back a copy of it. Without it, the next account of every shop is taken on trust."

Shops = dict[str, dict[str, str | None]]
"""By origin, by processor."""

_written: TypeAdapter[dict[str, str | dict[str, str | None]]] = TypeAdapter(dict[str, str | dict[str, str | None]])


def read_shops(folder: Path) -> Shops:
    """What is remembered; nothing when there is no file. Raises `LedgerError` for an unsafe or malformed one."""
    data = read_owned(folder / FILE)
    if data is None:
        return {}
    try:
        written = _written.validate_json(data)
    except ValidationError:
        raise DamagedFileError(folder / FILE, _CURE) from None
    shops: Shops = {origin: value for origin, value in written.items() if isinstance(value, dict)}
    for key, value in written.items():
        if isinstance(value, str):
            _take_over(shops, key, value)
    return shops


@contextmanager
def editing(folder: Path) -> Iterator[Shops]:
    """What is remembered, to be changed: written when the block ends, one writer at a time. Raises as `read_shops`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / _LOCK).open("w") as lock:
        wait_lock(lock)
        shops = read_shops(folder)
        yield shops
        text = TypeAdapter(Shops).dump_json(shops, indent=2)
        write_private(folder / FILE, text + b"\n")


def _take_over(shops: Shops, key: str, account: str) -> None:
    """An account as it was kept by registry entry: it stands for all of that entry's processor."""
    origin, _, entry_id = key.partition(" ")
    processor = next((known.processor for known in bundled_processors() if isinstance(known, Endpoint) and known.id == entry_id), None)
    if processor is not None:
        shops.setdefault(origin, {}).setdefault(processor, account)
