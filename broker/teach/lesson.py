"""The conversation: open the checkout, watch, ask about each request, write the entry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stdnum import luhn

from broker.admin import note_checkout
from broker.core.clock import SystemClock
from broker.egress.taught import read_taught, write_taught
from broker.protocol.processors import TaughtEndpoint
from broker.protocol.surrogate import Surrogate
from broker.teach.alone import require_alone
from broker.teach.asking import QUESTION, describe, question, warnings
from broker.teach.chromium import Browser, chromium
from broker.teach.fault import CannotBeTaughtError
from broker.teach.gate import no_window, require_address, require_nothing_open
from broker.teach.learning import learn
from broker.teach.watching import Seen, Watcher

RANGE = "4242429"
"""The first seven digits of stand-ins for teaching: the sandbox's BIN, and a seventh digit that LedgerOS never issues."""


class Talk(Protocol):
    """The person."""

    def say(self, line: str) -> None:
        """Show a line."""
        ...

    def warn(self, line: str) -> None:
        """Show a line that must not be overlooked."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask; False when the answer is anything but yes."""
        ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is taught: a checkout's address, with which browser, for whose egress (`folder`), in whose name. `state` is the broker's."""

    url: str
    browser: str
    state: Path
    folder: Path
    person: str
    sandbox: bool = False


def new_stand_in() -> Surrogate:
    """A number of the teaching range with a valid check digit, and a code."""
    body = f"{RANGE}{secrets.randbelow(10**8):08d}"
    return Surrogate(number=body + luhn.calc_check_digit(body), security_code=f"{secrets.randbelow(900) + 100}")


def teach(lesson: Lesson, talk: Talk, stand_in: Surrogate | None = None) -> TaughtEndpoint | None:
    """Watch one payment; the entry that the person confirmed and that the egress uses from now on, or None.

    Raises `LedgerError` where nothing may be taught (`gate`, `alone`), or when ``taught.json`` cannot be read or written.
    """
    require_address(lesson.url, sandbox=lesson.sandbox)
    require_nothing_open(lesson.state)
    read_taught(lesson.folder)  # a file that cannot be used is said before anybody pays
    stand_in = stand_in or new_stand_in()
    with chromium(lesson.browser) as browser:
        watcher = Watcher(browser.pipe, stand_in.number)
        if not watcher.open(lesson.url):
            raise no_window()
        require_alone(browser.profile)
        _begin(talk, stand_in)
        refused: set[tuple[str, str]] = set()
        for seen in watcher.requests():
            if (seen.method, seen.url) in refused:
                continue
            entry = _agreed(lesson, talk, seen, stand_in)
            if entry is not None:
                _keep(lesson, browser, entry)
                talk.say(f"Taught. Checkouts of {entry.origin} can be paid in surrogate mode.")
                return entry
            refused.add((seen.method, seen.url))
    talk.say("The browser was closed. Nothing was taught.")
    return None


def forget(state: Path, folder: Path, entry_id: str) -> TaughtEndpoint | None:
    """Take an entry out of ``taught.json``; the entry, or None when there is none of that id."""
    known = read_taught(folder)
    gone = next((entry for entry in known if entry.id == entry_id), None)
    if gone is not None:
        write_taught(folder, tuple(entry for entry in known if entry is not gone))
        note_checkout(state, "forgotten", gone)
    return gone


def _begin(talk: Talk, stand_in: Surrogate) -> None:
    talk.say(f"Pay with this number, which is worth nothing: {_spaced(stand_in.number)}, security code {stand_in.security_code}.")
    talk.say("Use any expiry in the future. The payment will be declined. Close the browser to give up.")


def _agreed(lesson: Lesson, talk: Talk, seen: Seen, stand_in: Surrogate) -> TaughtEndpoint | None:
    talk.say("")
    try:
        entry = learn(
            seen, stand_in, lambda part: talk.confirm(question(part)), sandbox=lesson.sandbox, person=lesson.person,
            at_ms=SystemClock().now_ms(),
        )  # fmt: skip
    except CannotBeTaughtError as reason:
        talk.say(f"A request to {seen.url.partition('?')[0][:200]} carries the number and cannot be taught. {reason}")
        return None
    for line in describe(entry):
        talk.say(line)
    for line in warnings(entry):
        talk.warn(line)
    return entry if talk.confirm(QUESTION) else None


def _keep(lesson: Lesson, browser: Browser, entry: TaughtEndpoint) -> None:
    # Asked again: a release may have come, and a debugger, while the person was paying.
    require_nothing_open(lesson.state)
    require_alone(browser.profile)
    # Before the entry works: an entry without its event is what must not be.
    note_checkout(lesson.state, "taught", entry)
    known = read_taught(lesson.folder)
    write_taught(lesson.folder, (*(other for other in known if not _replaces(entry, other)), entry))


def _replaces(entry: TaughtEndpoint, known: TaughtEndpoint) -> bool:
    same_address = (entry.origin, entry.host, entry.path, entry.method) == (known.origin, known.host, known.path, known.method)
    return same_address and entry.done_by_query() == known.done_by_query()


def _spaced(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
