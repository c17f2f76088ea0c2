"""Releases on disk: every change is one conditional write with its events in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, delete, func, select, update

from broker.audit import Event, record
from broker.core.clock import DAY_MS, MINUTE_MS, Clock
from broker.policy import Verdict, one_pending_per_card
from broker.protocol.agent_api import Release
from broker.protocol.denial import SignedDenial
from broker.protocol.issuer_api import ReportOutcome, TokenAlarm
from broker.protocol.outcomes import Outcome
from broker.releases.alarms import OwnAlarms
from broker.releases.endings import Ending
from broker.releases.rows import as_release, report_in
from broker.releases.states import UNFINISHED, Step
from broker.releases.tables import releases, signed_denials
from broker.storage import Database, Transaction


@dataclass(frozen=True, slots=True)
class Created:
    """The release of a token or intent: `is_new`, or the one this agent already has; `taken` when another agent has it."""

    release_id: str
    is_new: bool
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The request repeats the unfinished release of this id."""

    release_id: str


class Attached(Enum):
    """What became of a token for an approved release: `IN_USE` by a release before, `NOT_WANTED` when it has one or ended."""

    GIVEN = auto()
    IN_USE = auto()
    NOT_WANTED = auto()


class ReleaseStore:
    """The releases table. All times are Unix milliseconds of the injected clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.alarms = OwnAlarms(database, clock)

    async def create(self, release_id: str, agent_id: str, token_hash: bytes | None, intent_id: str | None, expires_at: int) -> Created:
        """A new pending release, unless the token has one, or the intent one that is not finished: neither makes two offers."""

        def job(transaction: Transaction) -> tuple[Created, TokenAlarm | None]:
            now = self._clock.now_ms()
            same = (
                releases.c.token_hash == token_hash if intent_id is None
                else (releases.c.intent_id == intent_id) & (releases.c.status != "finished")
            )  # fmt: skip
            found = transaction.sql.execute(select(releases.c.id, releases.c.agent_id, releases.c.last4).where(same)).first()
            if found is None:
                row = {
                    "id": release_id, "agent_id": agent_id, "token_hash": token_hash, "intent_id": intent_id, "status": "pending",
                    "created_at": now, "expires_at": expires_at,
                }  # fmt: skip
                transaction.sql.execute(releases.insert(), row)
                record(transaction, now, Event("agent:release:requested", {"releaseId": release_id, "agentId": agent_id}))
                return Created(release_id, is_new=True), None
            if found.agent_id == agent_id:
                return Created(found.id, is_new=False), None
            return Created(found.id, is_new=False, taken=True), self._alarm(transaction, found, agent_id)

        created, alarm = await self._database.write(job)
        self.alarms.told(alarm)
        return created

    async def attach(self, release_id: str, agent_id: str, token_hash: bytes) -> Attached:
        """Note which token an approved release was given; nothing is written unless it is given."""

        same = select(releases.c.id, releases.c.agent_id, releases.c.last4).where(releases.c.token_hash == token_hash)

        def job(transaction: Transaction) -> tuple[Attached, TokenAlarm | None]:
            found = transaction.sql.execute(same).first()
            if found is not None:
                return Attached.IN_USE, None if found.agent_id == agent_id else self._alarm(transaction, found, agent_id)
            wanted = (releases.c.id == release_id, releases.c.status == "approved", releases.c.token_hash.is_(None))
            given = update(releases).where(*wanted).values(token_hash=token_hash, outcome=None, detail=None)
            if transaction.sql.execute(given).rowcount != 1:
                return Attached.NOT_WANTED, None
            record(transaction, self._clock.now_ms(), Event("agent:token:given", {"releaseId": release_id, "agentId": agent_id}))
            return Attached.GIVEN, None

        attached, alarm = await self._database.write(job)
        self.alarms.told(alarm)
        return attached

    def _alarm(self, transaction: Transaction, found: Any, agent_id: str) -> TokenAlarm:
        return self.alarms.write(transaction, found.id, found.last4, found.agent_id, agent_id)

    async def offer(self, release_id: str, agent_id: str, columns: dict[str, Any], events: Sequence[Event]) -> Verdict | Merged | None:
        """Record what LedgerOS said, if no rule speaks against an offer for that card.

        A request that repeats an unfinished one (same agent, card, origin and amount) is merged into it.
        None, and nothing written, when the release ended meanwhile.
        """

        def job(transaction: Transaction) -> Verdict | Merged | None:
            same_card = (releases.c.card_id == columns["card_id"], releases.c.status != "finished", releases.c.id != release_id)
            others = transaction.sql.execute(select(releases).where(*same_card)).all()
            repeated = next((row for row in others if _repeats(row, agent_id, columns)), None)
            if repeated is not None and self._remove(transaction, release_id, repeated.id):
                return Merged(repeated.id)
            verdict = one_pending_per_card([row.expires_at for row in others])
            if not verdict.allowed:
                return verdict
            if not self._change(transaction, release_id, ("pending",), columns):
                return None
            record(transaction, self._clock.now_ms(), *events)
            return verdict

        return await self._database.write(job)

    async def learn(self, release_id: str, columns: dict[str, Any], event: Event) -> Outcome | None:
        """Add what LedgerOS said to a release that ended before the answer came, and how it ended; None when it did not end."""

        def job(transaction: Transaction) -> Outcome | None:
            if not self._change(transaction, release_id, ("finished",), columns):
                return None
            record(transaction, self._clock.now_ms(), event)
            return Outcome(transaction.sql.execute(select(releases.c.outcome).where(releases.c.id == release_id)).scalar_one())

        return await self._database.write(job)

    def _remove(self, transaction: Transaction, release_id: str, into: str) -> bool:
        mine = (releases.c.id == release_id, releases.c.status == "pending")
        if transaction.sql.execute(delete(releases).where(*mine)).rowcount != 1:
            return False
        record(transaction, self._clock.now_ms(), Event("broker:release:merged", {"releaseId": release_id, "into": into}))
        return True

    async def denials(self, agent_id: str) -> tuple[int, int | None]:
        """How often in a row this agent was denied in the last day, and when last (Unix ms)."""
        since = self._clock.now_ms() - DAY_MS
        approved = select(func.coalesce(func.max(releases.c.approved_at), since)).where(releases.c.agent_id == agent_id)
        denied = (releases.c.agent_id == agent_id, releases.c.outcome == Outcome.DENIED.value, releases.c.status == "finished")

        def job(connection: Connection) -> tuple[int, int | None]:
            last_approval = connection.execute(approved).scalar_one()
            query = select(func.count(), func.max(releases.c.finished_at)).where(
                *denied, releases.c.finished_at > max(last_approval, since)
            )
            count, last = connection.execute(query).one()
            return count, last

        return await self._database.read(job)

    async def withdrawals(self, agent_id: str) -> tuple[int, int | None]:
        """How many requests this agent took back in the last ten minutes after a browser had them, and when last (Unix ms)."""
        query = select(func.count(), func.max(releases.c.finished_at)).where(
            releases.c.agent_id == agent_id, releases.c.outcome == Outcome.WITHDRAWN.value, releases.c.device_id.is_not(None),
            releases.c.finished_at > self._clock.now_ms() - 10 * MINUTE_MS,
        )  # fmt: skip
        count, last = await self._database.read(lambda connection: connection.execute(query).one())
        return count, last

    async def move(self, release_id: str, source: Step, target: Step, events: Sequence[Event], **columns: Any) -> bool:
        """`source` → `target`; False, and nothing written, when the release is not in `source` any more."""

        def job(transaction: Transaction) -> bool:
            if not self._change(transaction, release_id, (source,), {**columns, "status": target}):
                return False
            record(transaction, self._clock.now_ms(), *events)
            return True

        return await self._database.write(job)

    async def finish(
        self,
        release_id: str,
        sources: Sequence[Step],
        ending: Ending,
        fields: Sequence[str],
        event: Event | None,
        denial: SignedDenial | None = None,
    ) -> bool:
        """End a release that is in one of `sources`, with the denial that ends it; False, and nothing written, when it is in none."""

        def job(transaction: Transaction) -> bool:
            now = self._clock.now_ms()
            columns = {
                "status": "finished", "outcome": ending.outcome.value, "detail": ending.detail, "fields": json.dumps(list(fields)),
                "finished_at": now, "retry_at": ending.retry_at, "reported_at": None,
            }  # fmt: skip
            if not self._change(transaction, release_id, sources, columns):
                return False
            if denial is not None:
                transaction.sql.execute(
                    signed_denials.insert(), {"release_id": release_id, "signed": denial.model_dump_json(by_alias=True)}
                )
            ended = Event("broker:release:finished", {"releaseId": release_id, "outcome": ending.outcome.value})
            record(transaction, now, *([event, ended] if event else [ended]))
            return True

        return await self._database.write(job)

    async def note(self, *events: Event) -> None:
        """Record events that change no state: refusals, and steps on the way."""
        await self._database.write(lambda transaction: record(transaction, self._clock.now_ms(), *events))

    async def interrupt_unfinished(self) -> int:
        """End what an earlier run of the broker left open; returns how many there were."""

        def job(transaction: Transaction) -> int:
            now = self._clock.now_ms()
            open_ones = transaction.sql.execute(select(releases.c.id, releases.c.status).where(releases.c.status != "finished")).all()
            for row in open_ones:
                outcome = Outcome.MAY_HAVE_BEEN_CHARGED if row.status == "sending" else Outcome.INTERRUPTED
                columns = {"status": "finished", "outcome": outcome.value, "finished_at": now}
                self._change(transaction, row.id, UNFINISHED, columns)
                facts = {"releaseId": row.id, "outcome": outcome.value, "was": row.status}
                record(transaction, now, Event("broker:release:finished", facts))
            return len(open_ones)

        return await self._database.write(job)

    async def get(self, release_id: str, agent_id: str) -> Release | None:
        """A release of this agent, or None."""
        mine = (releases.c.id == release_id, releases.c.agent_id == agent_id)
        row = await self._database.read(lambda connection: connection.execute(select(releases).where(*mine)).first())
        return None if row is None else as_release(row)

    async def of_agent(self, agent_id: str, limit: int) -> list[Release]:
        """This agent's releases, newest first."""
        query = select(releases).where(releases.c.agent_id == agent_id).order_by(releases.c.created_at.desc(), releases.c.id.desc())
        rows = await self._database.read(lambda connection: connection.execute(query.limit(limit)).all())
        return [as_release(row) for row in rows]

    async def ended_for(self, release_id: str, device_id: str) -> Release | None:
        """A finished release that was offered to this browser, or None."""
        wanted = (releases.c.id == release_id, releases.c.device_id == device_id, releases.c.status == "finished")
        row = await self._database.read(lambda connection: connection.execute(select(releases).where(*wanted)).first())
        return None if row is None else as_release(row)

    async def unreported(self) -> list[ReportOutcome]:
        """Outcomes of the last day that LedgerOS has not confirmed, oldest first."""
        since = self._clock.now_ms() - DAY_MS
        known = releases.c.access_event_id.is_not(None) | (releases.c.intent_id.is_not(None) & releases.c.card_id.is_not(None))
        wanted = (releases.c.reported_at.is_(None), known, releases.c.finished_at > since)
        with_denial = releases.outerjoin(signed_denials, signed_denials.c.release_id == releases.c.id)
        query = select(releases, signed_denials.c.signed).select_from(with_denial).where(*wanted).order_by(releases.c.finished_at)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [report_in(row) for row in rows]

    async def mark_reported(self, release_id: str) -> None:
        """LedgerOS knows how this release ended."""
        statement = update(releases).where(releases.c.id == release_id).values(reported_at=self._clock.now_ms())
        await self._database.write(lambda transaction: transaction.sql.execute(statement))

    @staticmethod
    def _change(transaction: Transaction, release_id: str, sources: Sequence[Step], columns: dict[str, Any]) -> bool:
        values = {f"to_{name}": value for name, value in columns.items()}
        bound = {"release": release_id, "sources": list(sources), **values}
        return transaction.sql.execute(_changing(tuple(columns)), bound).rowcount == 1


@cache
def _changing(names: tuple[str, ...]) -> Update:
    """The conditional write of these columns: built once, for building it takes longer than the write."""
    condition = (releases.c.id == bindparam("release"), releases.c.status.in_(bindparam("sources", expanding=True)))
    return update(releases).where(*condition).values({name: bindparam(f"to_{name}") for name in names})


def _repeats(row: Row[Any], agent_id: str, columns: dict[str, Any]) -> bool:
    same = (row.agent_id, row.origin, row.amount) == (agent_id, columns["origin"], columns["amount"])
    return same and (row.intent_id is None) == (columns["intent_id"] is None)
