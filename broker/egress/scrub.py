"""Takes the number out of an answer while it streams, in constant memory.

Every replacement has the length of what it replaces, so the buffer is edited in place. A block is
given out only when every form that may begin in it lies wholly in the buffer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from broker.egress.forms_of import WIDEST, Form, each_form
from broker.egress.security_code import beside_number, field_form

BLOCK = 65_536
"""Bytes that are searched at a time, beside the `WIDEST` that are held back."""
_BESIDE = 64
_PASSES = 6


class NotScrubbableError(Exception):
    """The answer cannot be made safe to show: it is withheld."""


@dataclass(frozen=True, slots=True, repr=False)
class Patterns:
    """What to look for, and what to write in its place; made when a release is armed."""

    number_forms: tuple[Form, ...]
    code_forms: tuple[Form, ...]
    code_beside: re.Pattern[bytes]
    other_code: bytes

    @classmethod
    def of(cls, number: str, code: str, other_number: str, other_code: str) -> Patterns:
        """The patterns that turn `number` and `code` into the others, which are as long. The numbers differ; the codes may be equal."""
        return PatternMaker(number, code, other_number, other_code).finish()


class PatternMaker:
    """Makes `Patterns` in steps of a few milliseconds each: 50 ms in one piece would hold up every payment that is under way."""

    def __init__(self, number: str, code: str, other_number: str, other_code: str) -> None:
        self._digits: tuple[str, str] | None = (code, other_code)
        self._forms = each_form(number, other_number)
        self._made: list[Form] = []
        self._patterns: Patterns | None = None

    def step(self) -> bool:
        """Make one more form; False when all are made, or were forgotten."""
        form = next(self._forms, None)
        if form is not None:
            self._made.append(form)
            re.purge()  # the cache would keep the digits
        elif self._digits is not None:
            self.finish()
        return form is not None

    def finish(self) -> Patterns:
        """The patterns, with what is not made yet. Not after `forget`."""
        if self._patterns is not None:
            return self._patterns
        assert self._digits is not None
        code, other_code = self._digits
        self._made += self._forms
        code_forms = (field_form(code, other_code),) if code != other_code else ()
        self._patterns = Patterns(tuple(self._made), code_forms, beside_number(code), other_code.encode())
        re.purge()
        return self._patterns

    def forget(self) -> None:
        """Drop what was made, and the digits."""
        self._forms.close()
        self._made.clear()
        self._digits = self._patterns = None


class Scrubber:
    """One answer: `feed` its decoded bytes in any pieces, then `finish`."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Take in `data`; answers what is safe to give out now, perhaps nothing."""
        self._held += data
        safe = len(self._held) - WIDEST - _BESIDE
        return self._release(safe) if safe >= BLOCK else b""

    def finish(self) -> bytes:
        """The rest."""
        return self._release(len(self._held))

    def _release(self, safe: int) -> bytes:
        # Again until nothing is found: an occurrence may overlap the one before, and only then be left whole.
        for _ in range(_PASSES):
            if not self._replace(safe):
                break
        else:
            raise NotScrubbableError
        given = bytes(self._held[:safe])
        del self._held[:safe]
        return given

    def _replace(self, safe: int) -> int:
        count = 0
        for form in self._patterns.number_forms:
            for end in self._replace_each(form, safe):
                self._replace_code_beside(end)
                count += 1
        return count + sum(1 for form in self._patterns.code_forms for _ in self._replace_each(form, safe))

    def _replace_each(self, form: Form, safe: int) -> Iterator[int]:
        """Replaces every occurrence that begins before `safe`; yields where each ends."""
        match = form.pattern.search(self._held)
        while match and match.start() < safe:
            start, end = match.span()
            self._held[start:end] = form.replace(match)
            match = form.pattern.search(self._held, end)
            yield end

    def _replace_code_beside(self, end: int) -> None:
        match = self._patterns.code_beside.match(self._held, end)
        if match:
            start, stop = match.span(1)
            self._held[start:stop] = self._patterns.other_code


def scrub_text(patterns: Patterns, text: str) -> str:
    """A status reason or header value, scrubbed. `text` is Latin-1."""
    scrubber = Scrubber(patterns)
    return (scrubber.feed(text.encode("latin-1", "replace")) + scrubber.finish()).decode("latin-1")
