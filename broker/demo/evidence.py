"""Looking for a card number in what somebody received: as it is, spaced, dashed, or encoded."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from pathlib import Path

from broker.core.card_number import Pan

# Whatever a page, a JSON string or a form may put between digits: entities, escapes, punctuation, UTF-8 spaces.
_SEPARATOR = rb"(?:&#?\w{1,6};|\\u00a0|\\[nrt]|%20|[^0-9A-Za-z]){0,4}"


class NumberSearch:
    """Finds one number in bytes."""

    def __init__(self, number: Pan) -> None:
        digits = number.reveal()
        encoded = {
            base64.b64encode(digits.encode()).rstrip(b"="),
            digits.encode().hex().encode(),
            digits.encode("utf-16-le"),
            digits.encode("utf-16-be"),
        }
        parts = [_SEPARATOR.join(re.escape(digit.encode()) for digit in digits), *(re.escape(form) for form in encoded)]
        self._pattern = re.compile(b"|".join(parts))

    def finds_in(self, data: bytes) -> bool:
        """Whether the number is in `data` in any form that is looked for."""
        return self._pattern.search(data) is not None

    def files_with_it(self, folders: Iterable[Path]) -> list[Path]:
        """The files below `folders` that hold the number; a file that vanishes meanwhile is passed over."""
        found = []
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
                try:
                    if path.is_file() and self.finds_in(path.read_bytes()):
                        found.append(path)
                except OSError:
                    continue
        return found
