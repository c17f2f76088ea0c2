"""``text/plain`` as HTML forms send it: ``name=value`` lines that end in CR LF (HTML, section 4.10.21.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from broker.egress.bodies.text import Field, verbatim
from broker.egress.refusal import body_not_readable

_LONE = re.compile(r"\r(?!\n)|(?<!\r)\n")


def fields(raw: str) -> Iterator[Field]:
    """Every name with its value, in order. A line break inside a value looks like a new field: names given twice are refused later."""
    if _LONE.search(raw):
        raise body_not_readable()  # some end a line there
    position = 0
    for line in raw.split("\r\n"):
        name, equals, _ = line.partition("=")
        if equals:
            yield name, partial(verbatim, raw, position + len(name) + 1, position + len(line))
        position += len(line) + 2
