"""The broker's own alarm: an agent presented a details token that another agent had brought. What the person is told of it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from broker.audit import Event, events, record
from broker.core.clock import DAY_MS, Clock
from broker.protocol.issuer_api import TokenAlarm
from broker.releases.tables import releases
from broker.storage import Database, Transaction
from broker.tlog import entries

PRESENTED = "alarm:token:presented-by-another-agent"
ALARM_LIFE_MS = DAY_MS
"""How long browsers are told of an alarm; LedgerOS's own last as long."""
_MESSAGE = "An agent presented a details token that another agent had brought; nothing was released to it."


class OwnAlarms:
    """The newest alarm, in memory: read from the log once, at the start. `raised` is called after every new one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._newest: TokenAlarm | None = None
        self.raised: Callable[[], None] = lambda: None

    async def load(self) -> None:
        """Take up what an earlier run of the broker raised."""
        self._newest = await self._database.read(lambda connection: _last(connection, self._clock.now_ms() - ALARM_LIFE_MS))

    def newest(self) -> TokenAlarm | None:
        """The newest alarm of the last 24 hours."""
        alarm = self._newest
        return alarm if alarm is not None and alarm.at > self._clock.now_ms() - ALARM_LIFE_MS else None

    def write(self, transaction: Transaction, release_id: str, last4: str | None, owner_id: str, agent_id: str) -> TokenAlarm:
        """Write the event; whoever asked for the write says `told` once it is durable."""
        at = self._clock.now_ms()
        record(transaction, at, Event(PRESENTED, {"releaseId": release_id, "agentId": agent_id, "ownerId": owner_id}))
        return _alarm(at, last4)

    def told(self, alarm: TokenAlarm | None) -> None:
        """`alarm` is on disk: from now on it is the newest."""
        if alarm is not None:
            self._newest = alarm
            self.raised()


def _alarm(at: int, last4: str | None) -> TokenAlarm:
    return TokenAlarm(at=at, kind="another_agent", last4=last4, message=_MESSAGE)


def _last(connection: Connection, since: int) -> TokenAlarm | None:
    newest = connection.execute(
        select(events.c.seq).where(events.c.name == PRESENTED, events.c.at > since).order_by(events.c.seq.desc()).limit(1)
    ).scalar()
    if newest is None:
        return None
    [entry] = entries(connection, events, newest - 1, 1)
    last4 = connection.execute(select(releases.c.last4).where(releases.c.id == entry.facts["releaseId"])).scalar()
    return _alarm(entry.at, last4)
