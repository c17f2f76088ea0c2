"""Why a server could not listen: which port is taken, by whom, and the way around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from broker.core.errors import LedgerError
from broker.install.doctor.processes import listener, listens

TAKEN = "port_taken"


def port_taken(wanted: Mapping[int, str], proc: Path = Path("/proc")) -> LedgerError:
    """The error to say when one of the ports `wanted` (port → the option that moves it) is taken."""
    wanted = {port: option for port, option in wanted.items() if port}  # 0 takes a free one
    held = next((port for port in wanted if listens(port, proc)), None)
    if held is None:  # not Linux, or free again by now
        named = " or ".join(map(str, wanted))
        return LedgerError(409, TAKEN, f"Port {named} is taken.", f"Stop what listens there, or take a free port: {_all(wanted)}")
    holder = listener(held, proc) or "another person's process"
    return LedgerError(409, TAKEN, f"Port {held} is taken by {holder}.", f"Stop it, or take a free port: {wanted[held]} 0")


def _all(wanted: Mapping[int, str]) -> str:
    return " ".join(f"{option} 0" for option in wanted.values())
