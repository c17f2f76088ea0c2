"""A command line that cannot be used: said with the parameter and what it takes, never with what was typed.

What was typed may be a card number or a token, and what a terminal shows is kept in logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from broker.core.errors import LedgerError

CODE = "wrong_usage"


@contextmanager
def told_without_input(root: Any = None) -> Iterator[None]:
    """Turn what the parser says, which repeats the input, into a `LedgerError` with `CODE`. `root` is the context of the command line."""
    try:
        yield
    except typer.TyperException as error:
        message = _message(error)
        if message is None:  # help instead of a command that is missing
            raise
        raise LedgerError(400, CODE, message, " ".join([*_choices(error), f"How it is used: {_command(error, root)} --help"])) from None


def _command(error: Any, root: Any) -> str:
    if getattr(error, "ctx", None) is not None:
        return str(error.ctx.command_path)
    return " ".join(["ledgeros", *filter(None, [getattr(root, "invoked_subcommand", None)])])


def _message(error: typer.TyperException) -> str | None:
    # By their names: typer's own copy of click has no public ones for them.
    match type(error).__name__:
        case "NoArgsIsHelpError":
            return None
        case "MissingParameter":
            return f"{_name(error)} is missing."
        case "BadParameter":
            return f"{_name(error)} cannot be what was given."
        case "NoSuchOption":
            return "There is no such option."
        case "BadOptionUsage":
            return f"{getattr(error, 'option_name', 'An option')} is given the wrong way: with a value it does not take, or without one."
    if error.message.startswith("No such command"):
        return "There is no such command."
    return "A command is missing." if error.message.startswith("Missing command") else "More was given than is taken here."


def _name(error: Any) -> str:
    parameter = error.param
    if parameter is None:
        return "A value"
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.name)


def _choices(error: Any) -> list[str]:
    """What it could be instead; all of it is ours."""
    parameter, near = getattr(error, "param", None), _near(error)
    if near:
        return [f"Did you mean {' or '.join(near)}?"]
    if parameter is None:
        return []
    if parameter.type_descriptor.choices:
        return [f"Choose one of: {', '.join(str(choice.value) for choice in parameter.type_descriptor.choices)}."]
    if getattr(parameter, "min", None) is not None:
        most = "" if parameter.max is None else f" to {parameter.max}"
        return [f"It is a number from {parameter.min}{most}."]
    return []


def _near(error: Any) -> list[str]:
    if options := getattr(error, "possibilities", None):
        return sorted(options)
    _, _, suggested = error.message.rpartition("Did you mean ")
    known = getattr(getattr(error.ctx, "command", None), "commands", {}) if suggested else {}
    return [name for name in known if f"'{name}'" in suggested]
