"""The help of ``ledgeros`` alone: commands under headings in the order a newcomer needs them, and the first steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

if TYPE_CHECKING:
    Context = Any  # typer's own copy of click has no public name for them
    Formatter = Any

SECTIONS = {
    "Start": ("up", "down", "install", "uninstall", "pair", "doctor", "teach"),
    "Every day": ("releases", "agents", "cards", "grants", "events", "receipt"),
    "What may act": ("brokers", "devices", "passkeys", "egress"),
    "Servers and certificates": ("issuer", "broker", "mcp", "certs"),
    "For this project's engineers": (),
}
"""Heading → commands; the last heading takes every command that has no other."""

EXAMPLES = (
    "First steps:\n\n"
    "\b\n"
    "  ledgeros up                     start LedgerOS and the broker; it says what to do next\n"
    "  ledgeros install                tell your browser, in another terminal\n"
    "  ledgeros pair                   a code to type in the extension's popup\n"
    "  ledgeros agents add my-agent    your agent's credential\n"
    "  ledgeros doctor                 what is wrong, and its cure\n\n"
    "Tab completion: ledgeros --install-completion"
)


def sections(commands: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Headings with those of `commands` that stand under them."""
    placed = {name for names in SECTIONS.values() for name in names}
    last = list(SECTIONS)[-1]
    for heading, names in SECTIONS.items():
        under = [name for name in names if name in commands]
        if heading == last:
            under += [name for name in commands if name not in placed]
        if under:
            yield heading, under


class GroupedHelp(TyperGroup):
    """The root command's help."""

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:
        """Write the commands, one heading after the other."""
        for heading, names in sections(self.list_commands(ctx)):
            found = ((name, self.get_command(ctx, name)) for name in names)
            rows = [(name, command.get_short_help_str(90)) for name, command in found if command is not None and not command.hidden]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)
