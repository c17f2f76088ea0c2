"""Whether anybody else has a hand in the browser of a lesson, as far as that can be noticed.

Linux shows it; on other systems nothing is noticed. Nothing notices a program that is given out as a browser, or that types into its
window: see the README.
"""

from __future__ import annotations

import re
from pathlib import Path

from broker.core.errors import LedgerError
from broker.install.doctor.processes import ports_of, processes

_TRACER = re.compile(r"^TracerPid:\s+[1-9]", re.MULTILINE)


def require_alone(profile: Path, proc: Path = Path("/proc")) -> None:
    """`LedgerError` when the browser on `profile` has a debugging port, is traced, or is not there."""
    if not proc.exists():
        return
    pids = [process.pid for process in processes(proc) if str(profile) in " ".join(process.words)]
    if not pids:
        raise _not_ours("No browser runs on the profile that was made for this lesson.")
    if ports := ports_of(pids, proc):
        raise _not_ours(f"The browser listens on port {min(ports)}: another program can do in it what you do.")
    if any(_traced(proc / str(pid)) for pid in pids):
        raise _not_ours("Another program traces the browser.")


def _traced(process: Path) -> bool:
    try:
        return _TRACER.search((process / "status").read_text()) is not None
    except OSError:  # it ended meanwhile
        return False


def _not_ours(what: str) -> LedgerError:
    return LedgerError(
        409, "not_alone", what, "Teach with a browser that nobody else controls: leave --browser away, or name Chromium itself."
    )
