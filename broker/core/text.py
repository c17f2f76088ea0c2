"""Words written by an agent or a page are data: made harmless once, where they come in."""

from __future__ import annotations

import re
import unicodedata

PURPOSE_MAX = 300

_MARKUP = re.compile(r"<[^<>]{0,500}>")
_BRACKETS = re.compile(r"[<>]")
_PASSES = 4


def plain_text(text: str, limit: int = PURPOSE_MAX) -> str:
    """`text` on one line, without markup, control, bidirectional or invisible characters, cut to `limit` characters.

    Unicode categories removed: Cc, Cf (which holds every bidi control and zero-width character),
    Co, Cs, Cn. Whitespace runs become one space. What is plain already stays as it is: whoever
    makes the words harmless once more, as the extension does, signs the same ones.
    """
    line = _fixed(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _fixed(text: str) -> str:
    """Passes until nothing changes: what one takes away may leave markup, or a letter and its accent, side by side.

    Words that are still markup after a few are nested to no good end: then no bracket stays, and the time stays linear.
    """
    for _ in range(_PASSES):
        line = _pass(text)
        if line == text:
            return line
        text = line
    return _pass(_pass(_BRACKETS.sub(" ", text)))


def _pass(text: str) -> str:
    text = unicodedata.normalize("NFC", _MARKUP.sub(" ", text))
    kept = (
        "" if unicodedata.category(c) in {"Cf", "Co", "Cs", "Cn"} else " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in text
    )
    return " ".join("".join(kept).split())
