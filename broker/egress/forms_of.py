"""Every form in which a number is recognised, as patterns over bytes that know how to write another number in its place.

Two families. *Digit by digit*: each digit in any of its spellings (plain, percent, HTML entity,
escapes of JSON, JavaScript and CSS, full width, Arabic), as hexadecimal pairs, or as decimal character
codes, forwards and backwards. Between two digits may stand what is neither letter nor digit, however
it is escaped, and tags. *Base64*: the characters that the digits alone determine, at each of the three
alignments, for the number as it is, spaced, dashed, backwards and in UTF-16, for base64 of base64 and
base64 turned round. A zero byte may stand anywhere, which covers UTF-16 and UTF-32.

What is not recognised is listed in README.md.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

Match = re.Match[bytes]

WIDEST = 24_576
"""No form of a number of up to 19 digits is wider than this many bytes; a test holds it to the patterns."""

_NUL = rb"\x00{0,3}"
# What begins an escape (% & \ <) is no separator by itself: the run would swallow the escape of the next digit.
_MARKS = rb"(?:[\x01-\x24\x27-\x2f:;=>?@\[\]^_`{|}~\xa0\xad\xb7]" + _NUL + rb"){1,16}"
_UTF8_MARK = rb"\xc2[\x80-\xbf]|\xe2[\x80\x81\x88][\x80-\xbf]|\xe3\x80[\x80-\xbf]|\xef\xbb\xbf"
# Any named or numbered character, and any escaped one, but not a digit: that is the next one.
_ENTITY_MARK = (
    rb"&(?>(?:amp;){0,4})(?:(?!amp;)[A-Za-z]{2,8};?|#(?!0{0,24}(?:4[89]|5[0-7])(?![0-9]))[0-9]{1,8};"
    rb"|#0{0,5}(?:32|45|160)|#[xX](?!0{0,24}3[0-9](?![0-9A-Fa-f]))[0-9A-Fa-f]{1,8};)"
)
_ESCAPED_MARK = (
    rb"%(?>(?:25){0,4})(?!25|[uU]?(?:00)?3[0-9])(?:[uU][0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})"
    rb"|(?>\\{1,4})(?:[abfnrtv\"'/]|u(?!003[0-9])[0-9A-Fa-f]{4}|x(?!3[0-9])[0-9A-Fa-f]{2})"
)
_TAG = rb"<[^<>]{0,128}>"
_TEXT_GAP = b"|".join((_MARKS, _UTF8_MARK, _ENTITY_MARK, _ESCAPED_MARK, _TAG))
_HEX_GAP = _MARKS + rb"|0[xX]|\\{1,4}x|20|2[dD]|00"
_LINE_BREAK = rb"\r|\n|[ \t]|\\{1,4}[rn]|%0[aAdD]|="
# Digits of other scripts in UTF-8: full width, Arabic, Persian. What all ten begin with, and the last byte of zero.
_SCRIPTS = ((b"\xef\xbc", 0x90), (b"\xd9", 0xA0), (b"\xdb", 0xB0))


def _spaced(characters: str) -> bytes:
    """The characters with zero bytes allowed between them."""
    return _NUL.join(re.escape(character.encode("latin-1")) for character in characters)


def _choice(characters: str) -> bytes:
    return b"[" + characters.encode() + b"]"


def _text_digit(digit: str) -> bytes:
    # Every alternative begins with a literal byte: the engine then skips to the few bytes that can begin one.
    code, hexadecimal = str(48 + int(digit)), f"3{digit}"
    n = _NUL
    zeros = rb"(?>(?:0" + n + rb"){0,24})"
    zeroed = zeros + _spaced(hexadecimal)
    entity = b"&" + n + rb"(?>(?:a" + n + b"m" + n + b"p" + n + rb";" + n + rb"){0,4})#" + n
    escape = rb"\\" + n + rb"(?>(?:\\" + n + rb"){0,3})"
    return b"|".join([
        digit.encode(),
        rb"%" + n + rb"(?>(?:2" + n + b"5" + n + rb"){0,4})(?:[uU]" + n + b"0" + n + b"0" + n + b")?" + _spaced(hexadecimal),
        entity + zeros + _spaced(code) + rb"(?:" + n + rb";)?",
        entity + _choice("xX") + n + zeroed + rb"(?:" + n + rb";)?",
        escape + rb"(?:u" + n + rb"\{" + n + zeroed + n + rb"\}|(?:[uUxX]" + n + rb")?" + zeroed + b")",
        *(script + bytes([zero + int(digit)]) for script, zero in _SCRIPTS),
    ])  # fmt: skip


def _hex_digit(digit: str) -> bytes:
    return _spaced(f"3{digit}")


def _code_digit(digit: str) -> bytes:
    return _spaced(str(48 + int(digit)))


def _chain(digits: str, spell: Callable[[str], bytes], separator: bytes, fewest: int, most: int) -> re.Pattern[bytes]:
    """The digits in a row, each in a group of its own. Atomic groups: a near miss must cost linear time, not a power of two."""
    between = b"(?>" + _NUL + b"(?:(?:" + separator + b")" + _NUL + b"){%d,%d})" % (fewest, most)
    return re.compile(between.join(b"((?>" + spell(digit) + b"))" for digit in digits))


def respelled(group: bytes, digit: str) -> bytes:
    """One digit's spelling with another digit in it: ``%34`` and 7 give ``%37``."""
    for script, zero in _SCRIPTS:
        if group.startswith(script):
            return script + bytes([zero + int(digit)])
    decimal = b"#" in group and b"x" not in group.lower()
    return _decimal(group, digit) if decimal else _last_digit(group, digit)


def _last_digit(group: bytes, digit: str) -> bytes:
    position = max(i for i, byte in enumerate(group) if 0x30 <= byte <= 0x39)
    return group[:position] + digit.encode() + group[position + 1 :]


def _decimal(group: bytes, digit: str) -> bytes:
    places = [i for i, byte in enumerate(group) if 0x30 <= byte <= 0x39][-2:]
    changed = bytearray(group)
    for place, byte in zip(places, str(48 + int(digit)).encode(), strict=True):
        changed[place] = byte
    return bytes(changed)


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """A pattern, and what to write where it matched: always as many bytes as matched."""

    pattern: re.Pattern[bytes]
    replace: Callable[[Match], bytes]


def _by_digit(pattern: re.Pattern[bytes], digits: str, respell: Callable[[bytes, str], bytes]) -> Form:
    def replace(match: Match) -> bytes:
        whole, offset = match[0], match.start()
        pieces: list[bytes] = []
        position = 0
        for index, digit in enumerate(digits, start=1):
            start, end = match.start(index) - offset, match.end(index) - offset
            pieces += [whole[position:start], respell(match[index], digit)]
            position = end
        return b"".join([*pieces, whole[position:]])

    return Form(pattern, replace)


def _base64_cores(text: bytes, alignment: int) -> tuple[bytes, bytes]:
    """The base64 and base64url characters that `text` alone determines when it starts at `alignment` modulo 3."""
    first, last = -(-alignment * 8 // 6), (alignment + len(text)) * 8 // 6
    padded = b"\x00" * alignment + text + b"\x00" * 3
    return base64.b64encode(padded)[first:last], base64.urlsafe_b64encode(padded)[first:last]


def _by_character(core: bytes, other: bytes) -> Form:
    between = b"(?>" + _NUL + b"(?:(?:" + _LINE_BREAK + b")" + _NUL + b"){0,16})"
    pattern = re.compile(between.join(b"(" + re.escape(bytes([byte])) + b")" for byte in core))

    def replace(match: Match) -> bytes:
        changed = bytearray(match[0])
        for index, byte in enumerate(other, start=1):
            changed[match.start(index) - match.start()] = byte
        return bytes(changed)

    return Form(pattern, replace)


def _grouped(digits: str, separator: str) -> str:
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))


def _base64_forms(number: str, other: str) -> Iterator[Form]:
    pairs = [(number, other), *((_grouped(number, s), _grouped(other, s)) for s in (" ", "-")), (number[::-1], other[::-1])]
    once = [pair for text, changed in pairs for pair in _base64_pairs(text.encode(), changed.encode())]
    # The same in both byte orders but for the first byte, which the alignments cover.
    once += _base64_pairs(number.encode("utf-16-le")[:-1], other.encode("utf-16-le")[:-1])
    once += [(core[::-1], changed[::-1]) for core, changed in _base64_pairs(number.encode(), other.encode())]
    twice = [pair for text, changed in _base64_pairs(number.encode(), other.encode()) for pair in _base64_pairs(text, changed)]
    seen: set[bytes] = set()
    for core, changed in (*once, *twice):
        if core not in seen:
            seen.add(core)
            yield _by_character(core, changed)


def _base64_pairs(text: bytes, other: bytes) -> Iterator[tuple[bytes, bytes]]:
    for alignment in range(3):
        yield from zip(_base64_cores(text, alignment), _base64_cores(other, alignment), strict=True)


def _digit_forms(number: str, other: str) -> Iterator[Form]:
    for digits, changed in ((number, other), (number[::-1], other[::-1])):
        yield _by_digit(_chain(digits, _text_digit, _TEXT_GAP, 0, 8), changed, respelled)
        yield _by_digit(_chain(digits, _hex_digit, _HEX_GAP, 0, 4), changed, _last_digit)
        yield _by_digit(_chain(digits, _code_digit, _MARKS, 1, 2), changed, _decimal)


def each_form(number: str, other: str) -> Generator[Form, None, None]:
    """The forms of `number`, made one by one, each of which writes `other` (as many digits) in the same form and length.

    The patterns hold the number: they live as long as the armed release. ``re``'s own cache keeps them
    too: whoever makes them empties it (``re.purge``), so that nothing outlives the release.
    """
    yield from _digit_forms(number, other)
    yield from _base64_forms(number, other)
