"""``ledgeros install`` and ``uninstall``: what was added is written down first, and exactly that is removed again."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError, read_object
from broker.install import certificates
from broker.install.layout import StateFolder
from broker.install.native_messaging import manifest_bytes, spoken_name, write_host
from broker.install.registry import Added, HostRegistry, digest
from broker.pki.files import write_private


@dataclass(frozen=True, slots=True)
class Record:
    """What an installation added, folders before what lies in them, and the browsers it told."""

    browsers: tuple[str, ...]
    added: tuple[Added, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What `uninstall` removed, and what it left because it was changed since."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


def installed_extension(state: StateFolder) -> Path:
    """The folder that a person loads into the browser; it stays where it is when LedgerOS is upgraded."""
    return state.path / "extension"


def install(state: StateFolder, registry: HostRegistry, browsers: Sequence[str], extension: Path) -> Record:
    """Copy the extension into the state folder and tell `browsers` of the native messaging host.

    May be repeated. `LedgerError` 409 when a browser is already told of another installation's host.
    """
    before = read_record(state)
    certificates.initialise(state)
    manifest = manifest_bytes(write_host(state))
    planned = [_for_browser(registry, browser, manifest, before) for browser in browsers]
    told = (*before.browsers, *(browser for browser in browsers if browser not in before.browsers))
    added = [*_files(state.host), *_tree(extension, installed_extension(state)), *(one for plan in planned for one in plan)]
    # Written before the first file outside: an installation that was interrupted can be undone.
    _write_record(state, Record(told, _merged(before.added, added)))
    _replace(extension, installed_extension(state))
    for browser in browsers:
        registry.add(browser, manifest)
    return Record(told, tuple(added))


def uninstall(state: StateFolder, registry: HostRegistry) -> Removal:
    """Remove what `install` added. What was changed since stays, stays recorded, and is named."""
    record = read_record(state)
    removed, kept = [], []
    for added in reversed(record.added):
        content = registry.content(added)
        if content is None:
            continue
        if added.kind == "folder" or digest(content) == added.digest:
            registry.remove(added)
            removed += [added.place] * (registry.content(added) is None)
        else:
            kept.append(added)
    if kept:
        _write_record(state, Record(record.browsers, tuple(reversed(kept))))
    else:
        record_file(state).unlink(missing_ok=True)
    return Removal(tuple(removed), tuple(one.place for one in kept))


def record_file(state: StateFolder) -> Path:
    """Where the record lies."""
    return state.path / "install.json"


def read_record(state: StateFolder) -> Record:
    """What is installed now; empty when nothing is."""
    file = record_file(state)
    if not file.exists():
        return Record((), ())
    cure = f"Remove it and install again: rm {shlex.quote(str(file))}; ledgeros install"
    found = read_object(file, "browsers", "added", cure=cure)
    try:
        return Record(tuple(found["browsers"]), tuple(Added(**one) for one in found["added"]))
    except TypeError:
        raise DamagedFileError(file, cure) from None


def _write_record(state: StateFolder, record: Record) -> None:
    write_private(record_file(state), json.dumps(asdict(record), indent=1).encode())


def _for_browser(registry: HostRegistry, browser: str, manifest: bytes, before: Record) -> list[Added]:
    ours = {added.place for added in before.added}
    plan = registry.plan(browser, manifest)
    for added in plan:
        there = registry.content(added)
        if added.kind != "folder" and there is not None and digest(there) != added.digest and added.place not in ours:
            raise LedgerError(
                409, "other_installation", f"{spoken_name(browser)} is already told of another broker: {added.place}",
                f"Uninstall that one, or remove it: rm {shlex.quote(added.place)}",
            )  # fmt: skip
    return plan


def _merged(before: Sequence[Added], now: Sequence[Added]) -> tuple[Added, ...]:
    places = {added.place for added in now}
    return (*(added for added in before if added.place not in places), *now)


def _files(folder: Path) -> list[Added]:
    return [Added("folder", str(folder)), *(Added("file", str(path), digest(path.read_bytes())) for path in sorted(folder.iterdir()))]


def _tree(source: Path, target: Path) -> list[Added]:
    added = [Added("folder", str(target))]
    for path in sorted(source.rglob("*")):
        place = str(target / path.relative_to(source))
        added.append(Added("folder", place) if path.is_dir() else Added("file", place, digest(path.read_bytes())))
    return added


def _replace(source: Path, target: Path) -> None:
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
