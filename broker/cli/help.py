"""The commands of ``ledgeros``, under headings in the order a newcomer needs them, and the first steps.

A command's file is loaded when the command is asked for: nobody waits for the libraries of another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from broker.cli.parameters import say_in_words
from broker.cli.state import CliState, as_typed, started_as
from broker.cli.usage import told_without_input
from broker.core.errors import LedgerError
from broker.install.layout import clone_root

if TYPE_CHECKING:
    Command = Any  # typer's own copy of click has no public name for them
    Context = Any
    Formatter = Any

ENGINEERS = "For this project's engineers"
SECTIONS = {
    "Start": ("up", "down", "install", "uninstall", "pair", "doctor", "teach", "demo"),
    "Every day": ("releases", "agents", "cards", "grants", "events", "receipt"),
    "What may act": ("brokers", "devices", "passkeys", "egress"),
    "Servers and certificates": ("issuer", "broker", "mcp", "certs"),
    ENGINEERS: ("test", "build-extension", "forms", "screenshots", "lock", "wheel", "protocol", "bench"),
}
"""Heading → commands. The engineers' work on the source tree, and are shown there only."""

FILES = {"down": "up", "uninstall": "install", "test": "tests", "build-extension": "extension"}
"""Command → file, where they are not called the same."""

_STEPS = (
    ("up", "start LedgerOS and the broker; it says what to do next"),
    ("install", "tell your browser, in another terminal"),
    ("pair", "a code to type in the extension's popup"),
    ("agents add my-agent", "your agent's credential; --file agent.json writes it into a file"),
    ("doctor", "what is wrong, and its cure"),
)
_COLUMN = max(len(command) for command, _ in _STEPS)
EXAMPLES = "\n".join(
    (
        "First steps:\n",
        "\b",
        *(f"  {started_as()} {command:{_COLUMN}}  {words}" for command, words in _STEPS),
        "\nTab completion: ledgeros --install-completion",
    )
)
"""The first steps, typed as this command was."""


def sections() -> dict[str, tuple[str, ...]]:
    """`SECTIONS` as far as they are of use here."""
    return {heading: names for heading, names in SECTIONS.items() if heading != ENGINEERS or _in_clone()}


def _in_clone() -> bool:
    return (clone_root() / "extension" / "package.json").exists()


class Commands(Mapping[str, "Command"]):
    """Name → command, loaded at the first look at it."""

    def __init__(self) -> None:
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return any(name in names for names in SECTIONS.values())

    def __iter__(self) -> Iterator[str]:
        return (name for names in sections().values() for name in names)

    def __len__(self) -> int:
        return sum(map(len, sections().values()))


def _load(name: str) -> Command:
    if name in SECTIONS[ENGINEERS] and not _in_clone():
        raise LedgerError(
            400, "clone_only", f"“{name}” works on the source tree, and this is an installed package.", f"In a clone: ./ledgeros {name}"
        )
    module = import_module(f"broker.cli.{FILES.get(name, name)}")
    above = typer.Typer(rich_markup_mode=None)
    if hasattr(module, "register"):
        module.register(above)
    else:
        above.add_typer(module.app, name=name)
    command = get_group(above).commands[name]
    say_in_words(command)
    return command


class GroupedHelp(TyperGroup):
    """The root command."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()  # type: ignore[assignment]  # nothing is ever added to them

    def make_context(self, *arguments: Any, **options: Any) -> Context:
        """Read the options before the command."""
        with told_without_input():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Context) -> Any:
        """Run the command; what a fault advises names the state folder."""
        try:
            with told_without_input(ctx):
                return super().invoke(ctx)
        except LedgerError as error:
            chosen = ctx.find_object(CliState)  # none yet when the command could not be loaded
            if error.hint and chosen:
                error.hint = as_typed(chosen.folder, error.hint)
            raise

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:
        """Write the commands, one heading after the other."""
        for heading, names in sections().items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.commands[name].get_short_help_str()) for name in names])
