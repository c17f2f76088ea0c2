"""What the writer is asked to do: a job in a savepoint of its own, or a hot path's three steps without one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection


class WriterConnection(sqlite3.Connection):
    """The connection that all writes of a database go through.

    `remembered` is what a job read or wrote and a later job of the same transaction need not read again, by its owner's name. The
    transaction holds the database, so nobody else changes it meanwhile; it is emptied at BEGIN, and whenever something is undone.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remembered: dict[str, Any] = {}


@dataclass(slots=True)
class Transaction:
    """What a job works with: `sql` for ordinary statements, `raw` where every microsecond counts."""

    sql: Connection
    raw: WriterConnection


T_co = TypeVar("T_co", covariant=True)


class Steps(Protocol[T_co]):
    """A hot path's work before, in and after its transaction; a batch takes each step for all its jobs before the next step."""

    def prepare(self) -> None:
        """What needs no transaction. Raising fails this caller only."""
        ...

    def run(self, tx: Transaction) -> None:
        """The writes, without a savepoint: raising undoes and fails the whole batch, so a refusal is remembered for `finish`."""
        ...

    def finish(self) -> T_co:
        """After the commit: what the caller gets. Raising fails this caller only. Not called when the commit failed or nobody waits."""
        ...


class Call:
    """Somebody who waits, and how it went: `result`, or `failure`."""

    __slots__ = ("caller", "failure", "result")

    def __init__(self, caller: asyncio.Future[Any]) -> None:
        self.caller = caller
        self.result: Any = None
        self.failure: BaseException | None = None

    def prepare(self) -> None:
        """Before the transaction."""

    def run(self, tx: Transaction) -> None:
        """Inside it."""
        raise NotImplementedError

    def finish(self) -> None:
        """After its commit."""

    def answer(self) -> None:
        """Let the caller go on."""
        if self.caller.cancelled():
            return
        if self.failure is None:
            self.finish()
        if self.failure is None:
            self.caller.set_result(self.result)
        else:
            self.caller.set_exception(self.failure)


class JobCall(Call):
    """A job: when it raises, only its own changes are undone."""

    __slots__ = ("_job",)

    def __init__(self, caller: asyncio.Future[Any], job: Callable[[Transaction], Any]) -> None:
        super().__init__(caller)
        self._job = job

    def run(self, tx: Transaction) -> None:
        """Run the job in a savepoint."""
        tx.raw.execute("SAVEPOINT job")
        try:
            self.result = self._job(tx)
        except Exception as error:
            self.failure = error
            tx.raw.execute("ROLLBACK TO job")
            tx.raw.remembered.clear()
        tx.raw.execute("RELEASE job")


class StepsCall(Call):
    """`Steps`: what could not be prepared writes nothing."""

    __slots__ = ("_steps",)

    def __init__(self, caller: asyncio.Future[Any], steps: Steps[Any]) -> None:
        super().__init__(caller)
        self._steps = steps

    def prepare(self) -> None:
        """The first step."""
        try:
            self._steps.prepare()
        except Exception as error:
            self.failure = error

    def run(self, tx: Transaction) -> None:
        """The second step."""
        if self.failure is None:
            self._steps.run(tx)

    def finish(self) -> None:
        """The third step."""
        try:
            self.result = self._steps.finish()
        except Exception as error:
            self.failure = error
