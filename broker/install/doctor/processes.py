"""Processes and sockets of this machine as Linux shows them in ``/proc``; on other systems nothing is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ESTABLISHED, _LISTEN = "01", "0A"
_BROWSERS = {"chromium", "chromium-browser", "chrome", "google-chrome", "msedge", "microsoft-edge", "brave", "brave-browser"}


@dataclass(frozen=True, slots=True)
class Process:
    """A process and the words of its command line."""

    pid: int
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The program's file name."""
        return Path(self.words[0]).name

    def __str__(self) -> str:
        name = "another LedgerOS" if "broker.install.server" in self.words else self.name
        return f"{name} (process {self.pid})"


def listener(port: int, proc: Path) -> Process | None:
    """The process that listens on `port`; None when nobody does or it is another person's."""
    inodes = {inode for state, local, inode in _sockets(proc) if state == _LISTEN and local == port}
    return next((found for found in processes(proc) if inodes and inodes & set(_inodes(proc / str(found.pid)))), None)


def listens(port: int, proc: Path) -> bool:
    """Whether anybody listens on `port`."""
    return any(state == _LISTEN and local == port for state, local, _ in _sockets(proc))


def ports_of(pids: Iterable[int], proc: Path) -> set[int]:
    """The ports on which any of these processes listens."""
    inodes = {inode for pid in pids for inode in _inodes(proc / str(pid))}
    return {local for state, local, inode in _sockets(proc) if state == _LISTEN and inode in inodes}


def connections(port: int, proc: Path) -> int:
    """How many connections to the listener on `port` are open."""
    return sum(state == _ESTABLISHED and local == port for state, local, _ in _sockets(proc))


def browsers(proc: Path) -> Iterator[Process]:
    """The main processes of running browsers."""
    for process in processes(proc):
        if process.name in _BROWSERS and not any(word.startswith("--type=") for word in process.words):
            yield process


def processes(proc: Path) -> Iterator[Process]:
    """Every process with a command line."""
    for folder in sorted(proc.glob("[0-9]*")):
        try:
            # Chromium may rewrite its command line with spaces in place of the zero bytes.
            words = tuple((folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split())
        except OSError:
            continue
        if words:
            yield Process(int(folder.name), words)


def _sockets(proc: Path) -> Iterator[tuple[str, int, str]]:
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            yield fields[3], int(fields[1].rpartition(":")[2], 16), fields[9]


def _inodes(folder: Path) -> Iterator[str]:
    try:
        for link in (folder / "fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]
    except OSError:
        return
