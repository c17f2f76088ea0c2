"""Words written by an agent or a page are data: made harmless once, where they come in."""

from __future__ import annotations

import re
import unicodedata

PURPOSE_MAX = 300

_MARKUP = re.compile(r"<[^<>]{0,500}>")


def plain_text(text: str, limit: int = PURPOSE_MAX) -> str:
    """`text` on one line, without markup, control, bidirectional or invisible characters, cut to `limit` characters.

    Unicode categories removed: Cc, Cf (which holds every bidi control and zero-width character),
    Co, Cs, Cn. Whitespace runs become one space.
    """
    text = unicodedata.normalize("NFC", _MARKUP.sub(" ", text))
    kept = (
        "" if unicodedata.category(c) in {"Cf", "Co", "Cs", "Cn"} else " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in text
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
