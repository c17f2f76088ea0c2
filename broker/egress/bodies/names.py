"""Names of fields that some server takes for one and the same.

A page could name the merchant's account a second time in another spelling, beside the one that is
judged. PHP drops blanks before a name, ends it at a zero byte and writes ``_`` for its dots and brackets;
Rack drops backslashes; ASP.NET and Go find fields whatever their case, and ASP.NET reads ``a.b`` as ``a[b]``.
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"[\s.\[\]_]+")


def folded(name: str) -> str:
    """What all spellings of a form field's name have in common."""
    return _MARKS.sub("_", member(name).replace("\\", "")).strip("_")


def member(name: str) -> str:
    """The same of a JSON member's name, in which marks and blanks count."""
    return name.partition("\0")[0].casefold()
