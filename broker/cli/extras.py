"""What a command needs beyond the package itself: the extras `demo` and `mcp` of its wheel."""

from __future__ import annotations

import importlib.util

from broker.core.errors import LedgerError


def require_extra(extra: str, module: str, message: str) -> None:
    """A `LedgerError` with `message` when `module`, which `extra` brings, is not installed.

    The hint names the wheel and never this project's bare name: at a public index that would be somebody else's package.
    """
    if importlib.util.find_spec(module) is None:
        hint = f'Install the wheel with it, in the clone that made it: pip install "$(ls dist/*.whl)[{extra}]"'
        raise LedgerError(500, f"{module}_missing", message, hint)
