"""Where a security code is taken out of an answer. Three digits occur everywhere, so only where they plainly are the code.

Two places: the value of a field whose name says so (JSON, form, attribute, XML element), and among
the digits that follow the number with no letter between, as in ``number|12|2030|code``. A code that
an answer shows anywhere else stays; it authorises nothing outside the release's window.
"""

from __future__ import annotations

import re

from broker.egress.forms_of import Form

# A set of first letters lets the engine skip; that it also takes "svc" does no harm.
_NAME = rb"[cCsSvV](?i:v[cvn]2?|av2?|sc|id|ard[-_]?code|ecurity[-_]?code|erification[-_]?(?:value|code))"
_CLOSING = rb"(?:[\"'\\\])]|%5[dD]|%22){0,6}"
_ATTRIBUTES = rb"(?:\s{1,8}[a-zA-Z-]{1,20}=[\"'][^\"'<>]{0,60}[\"']){0,4}\s{1,8}value="
_SIGN = rb"\s{0,8}(?:[:=>]|%3[aAdD]|" + _ATTRIBUTES + rb")\s{0,8}"
_OPENING = rb"(?:[\"'\\(\[]|%22){0,6}"


def field_form(code: str, other: str) -> Form:
    """The code as the value of a field named for it."""
    pattern = re.compile(rb"(" + _NAME + _CLOSING + _SIGN + _OPENING + rb")" + code.encode() + rb"(?![0-9])")
    return Form(pattern, lambda match: match[1] + other.encode())


def beside_number(code: str) -> re.Pattern[bytes]:
    """Matches at the end of a number; group 1 is the code that stands alone within 32 bytes and before any letter."""
    return re.compile(rb"[^A-Za-z]{0,32}?(?<![0-9])(" + code.encode() + rb")(?![0-9])")
