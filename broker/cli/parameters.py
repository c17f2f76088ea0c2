"""How a command's parameters and summary read in the help: in words, not in Python's."""

from __future__ import annotations

import re
from typing import Any

_SENTENCE_END = re.compile(r"(?<=[.!?])\s")


def say_in_words(command: Any) -> None:
    """Give `command`, and those below it, a summary that is a whole sentence, and every parameter a word for what it takes."""
    if command.help and not command.short_help:
        command.short_help = _SENTENCE_END.split(" ".join(command.help.split()), maxsplit=1)[0]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            parameter.metavar = parameter.metavar or parameter.name.replace("_", "-").upper()
            parameter.display_type_rich = _nothing  # the name says it
        elif parameter.metavar is None:
            parameter.metavar = _word(parameter.type_descriptor)
    for below in getattr(command, "commands", {}).values():
        say_in_words(below)


def _word(described: Any) -> str:
    if described.is_choice:
        return "|".join(str(choice.value) for choice in described.choices)
    if described.is_ranged:
        return "N"
    return {"file": "FILE", "dir": "DIR", "path": "FILE"}[described.path_type] if described.is_path else "TEXT"


def _nothing(ctx: Any) -> None:
    return None
