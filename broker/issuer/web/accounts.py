"""Owners, sign-in and sessions."""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, insert, select, update

from broker.core.canonical import b64u
from broker.core.clock import HOUR_MS, MINUTE_MS
from broker.core.errors import LedgerError
from broker.core.ids import new_secret, secret_hash
from broker.core.text import plain_text
from broker.issuer.auth import Actor
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.organisations.services import create_organisation
from broker.issuer.organisations.tables import organisations
from broker.issuer.web import passwords
from broker.issuer.web.tables import people, sessions, setup_links
from broker.storage import Transaction

_NO_LINK = (410, "setup_link_used", "This link was used or is expired.", "Make a new one: ledgeros issuer setup-link")
_WRONG = (403, "sign_in_failed", "Name or password is wrong.", "Try again.")
_NOBODY = (b"\0" * 16, b"\0" * 32)  # an unknown name costs the same time as a wrong password


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person."""

    person_id: str
    name: str
    org_id: str
    organisation: str
    secret: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        """This person in the event log."""
        return Actor("person", self.person_id)

    @property
    def csrf(self) -> str:
        """The token every form of this session carries."""
        return b64u(hmac.digest(self.secret.encode(), b"ledgeros/csrf/v1", "sha256"))


def name_key(name: str) -> str:
    """A person's name as it is compared at sign-in."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def new_setup_link(tx: Transaction, now: int, minutes: int) -> str:
    """A one-time token that makes an owner; only its hash is kept."""
    token = new_secret("")
    tx.sql.execute(insert(setup_links).values(hash=secret_hash(token), created_at=now, expires_at=now + minutes * MINUTE_MS))
    record(tx, now, "operator:setup-link:created", None)
    return token


async def setup_open(context: Context, token: str) -> bool:
    """Whether a setup link can still be used."""
    query = select(setup_links.c.hash).where(*_open_link(token, context.now()))
    return await context.read(lambda c: c.execute(query).first() is not None)


def _open_link(token: str, now: int) -> tuple[Any, ...]:
    return setup_links.c.hash == secret_hash(token), setup_links.c.used_at.is_(None), setup_links.c.expires_at > now


async def make_owner(context: Context, token: str, organisation: str, name: str, password: str) -> str:
    """Use up the link: an organisation, its owner, and a first session (its cookie value)."""
    label, org_name = plain_text(name, 100), plain_text(organisation, 100) or "Sandbox"
    if not label:
        raise LedgerError(400, "name_missing", "Your name is missing.", "Fill it in: you sign in with it.")
    if not passwords.MIN_LENGTH <= len(password) <= passwords.MAX_LENGTH:
        raise LedgerError(400, "password_length", f"The password needs at least {passwords.MIN_LENGTH} characters.", "Choose a longer one.")
    salt, hashed = await passwords.hash_password(password)
    now, secret = context.now(), new_secret("")

    def job(tx: Transaction) -> LedgerError | None:
        used = tx.sql.execute(update(setup_links).where(*_open_link(token, now)).values(used_at=now))
        if used.rowcount == 0:
            return LedgerError(*_NO_LINK)
        if tx.sql.execute(select(people.c.id).where(people.c.name_key == name_key(label))).first():
            raise LedgerError(409, "name_taken", "Somebody signs in with that name already.", "Choose another name.")
        org_id, person_id = create_organisation(tx, context, org_name), context.ids.new("person")
        tx.sql.execute(
            insert(people).values(
                id=person_id, org_id=org_id, name=label, name_key=name_key(label), password_salt=salt, password_hash=hashed, created_at=now
            )
        )
        record(tx, now, "person:account:created", org_id, actor=person_id)
        _open_session(tx, secret, person_id, org_id, now)
        return None

    await context.write(job)
    return secret


def _open_session(tx: Transaction, secret: str, person_id: str, org_id: str, now: int) -> None:
    tx.sql.execute(insert(sessions).values(hash=secret_hash(secret), person_id=person_id, created_at=now, seen_at=now))
    record(tx, now, "person:session:opened", org_id, actor=person_id)


async def sign_in(context: Context, throttle: Throttle, name: str, password: str) -> str:
    """A new session (its cookie value), or one answer for a wrong name and a wrong password."""
    key, now = name_key(name[:200]), context.now()
    throttle.check(key, now)
    row = await context.read(lambda c: c.execute(select(people).where(people.c.name_key == key)).first())
    salt, expected = (row.password_salt, row.password_hash) if row else _NOBODY
    if not await passwords.matches(password[: passwords.MAX_LENGTH + 1], salt, expected) or row is None:
        throttle.failed(key, now)
        org_id, person_id = (row.org_id, row.id) if row else (None, None)
        await context.db.write(lambda tx: record(tx, now, "alarm:sign-in:failed", org_id, person=person_id))
        raise LedgerError(*_WRONG)
    throttle.succeeded(key)
    secret = new_secret("")
    await context.db.write(lambda tx: _open_session(tx, secret, row.id, row.org_id, now))
    return secret


async def find_session(context: Context, secret: str) -> Session | None:
    """The session behind a cookie, unless it is idle, old or ended."""
    row = await context.read(lambda c: c.execute(_session_query(secret)).first())
    now, settings = context.now(), context.settings
    if (
        row is None
        or now - row.seen_at >= settings.session_idle_minutes * MINUTE_MS
        or now - row.created_at >= settings.session_hours * HOUR_MS
    ):
        return None
    if now - row.seen_at >= MINUTE_MS:
        await context.db.write(
            lambda tx: tx.sql.execute(update(sessions).where(sessions.c.hash == secret_hash(secret)).values(seen_at=now))
        )
    return Session(row.person_id, row.name, row.org_id, row.organisation, secret)


def _session_query(secret: str) -> Select[Any]:
    return (
        select(
            sessions.c.created_at,
            sessions.c.seen_at,
            sessions.c.person_id,
            people.c.name,
            people.c.org_id,
            organisations.c.name.label("organisation"),
        )
        .join(people, people.c.id == sessions.c.person_id)
        .join(organisations, organisations.c.id == people.c.org_id)
        .where(sessions.c.hash == secret_hash(secret), sessions.c.ended_at.is_(None))
    )


async def sign_out(context: Context, session: Session) -> None:
    """End this session."""
    now = context.now()

    def job(tx: Transaction) -> None:
        tx.sql.execute(update(sessions).where(sessions.c.hash == secret_hash(session.secret)).values(ended_at=now))
        record(tx, now, "person:session:closed", session.org_id, actor=session.person_id)

    await context.write(job)


class Throttle:
    """Slows guessing down, by name: after some failures a pause that doubles, in memory."""

    def __init__(self, tries: int, first_pause_seconds: int) -> None:
        self._tries = tries
        self._pause = first_pause_seconds * 1000
        self._failures: dict[str, tuple[int, int]] = {}

    def check(self, key: str, now: int) -> None:
        """Raise 429 while `key` has to wait."""
        _, until = self._failures.get(key, (0, 0))
        if until > now:
            raise LedgerError(
                429, "sign_in_paused", f"Too many wrong passwords. Wait {-(-(until - now) // 1000)} seconds.", retry_after_ms=until - now
            )

    def failed(self, key: str, now: int) -> None:
        """Count a failure."""
        if len(self._failures) > 10_000:
            self._failures.clear()
        count = self._failures.get(key, (0, 0))[0] + 1
        beyond = count - self._tries
        self._failures[key] = (count, 0 if beyond < 0 else now + min(HOUR_MS, self._pause * 2 ** min(beyond, 12)))

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)
