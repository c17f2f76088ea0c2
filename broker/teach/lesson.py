"""The conversation: open the checkout, watch, ask about each request, write the entry."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stdnum import luhn

from broker.core.clock import SystemClock
from broker.egress.taught import read_taught, write_taught
from broker.protocol.processors import TaughtEndpoint
from broker.protocol.surrogate import Surrogate
from broker.teach.chromium import chromium
from broker.teach.learning import CannotBeTaughtError, learn
from broker.teach.watching import Seen, Watcher

RANGE = "4242429"
"""The first seven digits of stand-ins for teaching: the sandbox's BIN, and a seventh digit that LedgerOS never issues."""


class Talk(Protocol):
    """The person."""

    def say(self, line: str) -> None:
        """Show a line."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask; False when the answer is anything but yes."""
        ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is taught: a checkout's address, with which browser, for whose egress (`folder`), in whose name."""

    url: str
    browser: str
    folder: Path
    person: str
    sandbox: bool = False
    flags: Sequence[str] = ()


def new_stand_in() -> Surrogate:
    """A number of the teaching range with a valid check digit, and a code."""
    body = f"{RANGE}{secrets.randbelow(10**8):08d}"
    return Surrogate(number=body + luhn.calc_check_digit(body), security_code=f"{secrets.randbelow(900) + 100}")


def teach(lesson: Lesson, talk: Talk, stand_in: Surrogate | None = None) -> TaughtEndpoint | None:
    """Watch one payment; the entry that the person confirmed and that the egress uses from now on, or None.

    Raises `LedgerError` when ``taught.json`` cannot be read or written.
    """
    before = read_taught(lesson.folder)  # a file that cannot be used is said before anybody pays
    stand_in = stand_in or new_stand_in()
    talk.say(f"Pay with this number, which is worth nothing: {_spaced(stand_in.number)}, security code {stand_in.security_code}.")
    talk.say("Use any expiry in the future. The payment will be declined. Close the browser to give up.")
    refused: set[tuple[str, str]] = set()
    with chromium(lesson.browser, lesson.flags) as pipe:
        for seen in Watcher(pipe, stand_in.number).requests(lesson.url):
            if (seen.method, seen.url) in refused:
                continue
            entry = _agreed(lesson, talk, seen, stand_in)
            if entry is not None:
                write_taught(lesson.folder, (*(known for known in before if not _replaces(entry, known)), entry))
                talk.say(f"Taught. Checkouts of {entry.origin} can be paid in surrogate mode.")
                return entry
            refused.add((seen.method, seen.url))
    talk.say("Nothing was taught.")
    return None


def _agreed(lesson: Lesson, talk: Talk, seen: Seen, stand_in: Surrogate) -> TaughtEndpoint | None:
    talk.say("")
    try:
        entry = learn(seen, stand_in, sandbox=lesson.sandbox, person=lesson.person, at_ms=SystemClock().now_ms())
    except CannotBeTaughtError as reason:
        talk.say(f"A request to {seen.url.partition('?')[0][:200]} carries the number and cannot be taught. {reason}")
        return None
    for line in describe(entry):
        talk.say(line)
    return entry if talk.confirm("Is this the shop's payment, and may the real number go there from now on?") else None


def describe(entry: TaughtEndpoint) -> list[str]:
    """What the person is asked about, line by line."""
    lines = [
        f"The number is sent to:  {entry.host}",
        f"  from pages of         {entry.origin}",
        f"  request               {entry.method} {entry.path} ({entry.content_type})",
        f"  number in field       {entry.fields.number}",
        f"  security code in      {entry.fields.security_code or 'no field'}",
    ]
    for what, names in (("in a frame of", entry.frame_hosts), ("query", entry.query), ("headers", entry.headers)):
        if names:
            lines.append(f"  {what:<22}{', '.join(names)}")
    return lines


def _replaces(entry: TaughtEndpoint, known: TaughtEndpoint) -> bool:
    return (entry.origin, entry.host, entry.path, entry.method) == (known.origin, known.host, known.path, known.method)


def _spaced(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
