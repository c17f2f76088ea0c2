"""How results look in a terminal: short lines, aligned tables, JSON for machines, errors of three lines."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from broker.core.clock import SystemClock
from broker.core.errors import LedgerError
from broker.terminal import relative

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

_STATES = ("status", "outcome")
_WHOLE = ("id", "card", "keyId", *_STATES)
# Four meanings, as in the extension's popup (extension/ui/marks.tsx): done, wait or look, refused, over.
_MEANINGS = {
    "green": ("active", "filled", "submitted"),
    "yellow": (
        "pending", "approved", "filling", "paying", "frozen",
        "challenge_required", "may_have_been_charged", "swap_not_seen", "field_rejected", "passkey_required", "extension_offline",
        "egress_unavailable",
    ),
    "red": (
        "blocked_by_merchant", "origin_mismatch", "amount_mismatch", "origin_changed", "page_changed", "invalid_token", "wrong_broker",
        "already_used", "refused_by_issuer", "refused_by_rule", "not_enrolled", "issuer_unavailable", "internal_error",
    ),
    "dim": (
        "finished", "closed", "revoked",
        "denied", "stopped", "withdrawn", "expired", "no_tab", "ambiguous_tab", "no_form", "tab_closed", "interrupted",
    ),
}  # fmt: skip
COLOURS = {word: colour for colour, words in _MEANINGS.items() for word in words}
"""State or outcome → its colour in lists."""


def complain(error: LedgerError) -> None:
    """What went wrong and what to do next."""
    errors.print(f"[red]✕[/red] {escape(error.message)}")
    if error.hint:
        errors.print(f"  {escape(error.hint)}")


def show_json(value: Any) -> None:
    """`value` as JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def show_list(rows: Sequence[Mapping[str, Any]], columns: Iterable[tuple[str, str]], *, as_json: bool, empty: str) -> None:
    """A list as a table of `columns` (key, heading), or whole as JSON; `empty` is said when there is nothing."""
    if as_json:
        show_json([dict(row) for row in rows])
        return
    if not rows:
        console.print(f"[dim]{escape(empty)}[/dim]")
        return
    chosen = list(columns)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key, heading in chosen:
        # Ids are copied into the next command, states are looked for: they stay whole, whatever the width.
        whole = max(len(str(row.get(key))) for row in rows) if key in _WHOLE else None
        table.add_column(heading, min_width=whole, no_wrap=whole is not None or key.endswith("At"))
    for row in rows:
        table.add_row(*(cell(key, row.get(key)) for key, _ in chosen))
    console.print(table)


def cell(key: str, value: Any) -> str:
    """One value for a person: times relative (``--json`` has them exactly), states coloured, nothing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, int) and key.endswith("At"):
        return relative(value, SystemClock().now_ms())
    if key == "origin":
        return escape(str(value).removeprefix("https://"))
    if key in _STATES:
        colour = COLOURS.get(str(value), "default")
        return f"[{colour}]{escape(str(value))}[/{colour}]"
    if isinstance(value, list | tuple):
        return escape(", ".join(map(str, value))) or "–"
    return escape(str(value))


def say(text: str) -> None:
    """One line for a person; markup of rich is allowed."""
    console.print(text, soft_wrap=True)  # what is copied from a terminal must come whole


def ask_code() -> str:
    """An enrolment code from the dashboard; `LedgerError` when it cannot be one."""
    from broker.protocol.proof import normalise_code

    code = ask_secret("Code from the dashboard, Brokers & browsers")
    try:
        normalise_code(code)
    except ValueError as error:
        hint = "Make one in the dashboard, Brokers & browsers."
        raise LedgerError(400, "bad_code", f"That is not an enrolment code: {error}.", hint) from None
    return code


def ask_secret(words: str) -> str:
    """A secret from the person: hidden on a terminal, one line of standard input otherwise."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{words}: ").strip()
    return sys.stdin.readline().strip()
