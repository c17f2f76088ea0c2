"""Files of a state folder that this program wrote itself: read back, or said to be damaged."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from broker.core.errors import LedgerError


class DamagedFileError(LedgerError):
    """A file does not hold what this program wrote there. Its content is not repeated: it may be a key."""

    def __init__(self, file: Path, cure: str | None = None) -> None:
        message = f"{file.parent.name}/{file.name} is damaged."
        super().__init__(500, "damaged_file", message, cure or f"Remove it, it is made anew: rm {shlex.quote(str(file))}")
        self.file = file


def read_object(file: Path, *members: str, cure: str | None = None) -> dict[str, Any]:
    """The JSON object in `file`, which has `members`. Raises `DamagedFileError`, and ``FileNotFoundError``."""
    try:
        value = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not value.keys() >= set(members):
        raise DamagedFileError(file, cure)
    return value
