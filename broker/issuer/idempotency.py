"""``Idempotency-Key``: the same key on the same route runs once, and its first answer is replayed.

Answers may hold secrets, so they are stored encrypted under a key derived (HKDF) from the presented
credential, which LedgerOS itself does not keep.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from aiohttp import web
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, Integer, LargeBinary, Table, Text, delete, insert, select, update

from broker.core.errors import LedgerError
from broker.issuer.auth import Principal
from broker.issuer.context import Context
from broker.issuer.metadata import METADATA
from broker.storage import Transaction

if TYPE_CHECKING:
    from broker.issuer.http import Answer

first_answers = Table(
    "first_answers",
    METADATA,
    Column("id", LargeBinary, primary_key=True),  # SHA-256 of credential id and key
    Column("route", Text, nullable=False),
    Column("body_mac", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("created_at", Integer, nullable=False),
)

_LONGEST_KEY = 255
_locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()


async def once(
    context: Context, principal: Principal, request: web.Request, raw: bytes, run: Callable[[], Awaitable[Answer]]
) -> tuple[int, dict[str, Any]]:
    """Run a write, or replay its first answer when the request carries a known ``Idempotency-Key``."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        answer = await run()
        return answer.status, answer.body
    if not 0 < len(key) <= _LONGEST_KEY:
        raise LedgerError(400, "invalid_idempotency_key", "Idempotency-Key must have 1 to 255 characters.", "Use a UUID.")
    name = hashlib.sha256(f"{principal.id}\n{key}".encode()).digest()
    body_mac = hmac.digest(principal.secret.encode(), raw, "sha256")  # keyed: a body may hold a number, whose plain hash can be guessed
    record = _Record(context, principal, name, request.path, body_mac)
    async with _locks.setdefault(name, asyncio.Lock()):  # duplicates that arrive together wait for the first
        return await record.replay() or await record.first(run)


class _Record:
    def __init__(self, context: Context, principal: Principal, name: bytes, route: str, body_mac: bytes) -> None:
        self._context = context
        self._name = name
        self._route = route
        self._body_mac = body_mac
        derived = HKDF(SHA256(), 32, salt=name, info=b"ledgeros/idempotency/v1").derive(principal.secret.encode())
        self._cipher = AESGCM(derived)

    async def replay(self) -> tuple[int, dict[str, Any]] | None:
        row = await self._context.read(lambda c: c.execute(select(first_answers).where(first_answers.c.id == self._name)).first())
        if row is None:
            return None
        if row.route != self._route:
            raise LedgerError(409, "idempotency_route", "This Idempotency-Key was used on another route.", "Use a new key.")
        if row.body_mac != self._body_mac:
            raise LedgerError(409, "idempotency_body", "This Idempotency-Key was used with another body.", "Use a new key.")
        if row.status is None:
            raise LedgerError(
                409, "idempotency_unfinished", "The first request with this key did not finish.", "Look at what exists, then use a new key."
            )
        return row.status, json.loads(self._cipher.decrypt(row.answer[:12], row.answer[12:], self._route.encode()))

    async def first(self, run: Callable[[], Awaitable[Answer]]) -> tuple[int, dict[str, Any]]:
        await self._context.db.write(self._start)
        try:
            answer = await run()
        except LedgerError:
            await self._context.db.write(self._forget)  # refused: nothing was done, the same key may try again
            raise
        nonce = secrets.token_bytes(12)
        stored = nonce + self._cipher.encrypt(nonce, json.dumps(answer.body).encode(), self._route.encode())
        await self._context.db.write(
            lambda tx: tx.sql.execute(
                update(first_answers).where(first_answers.c.id == self._name).values(status=answer.status, answer=stored)
            )
        )
        return answer.status, answer.body

    def _start(self, tx: Transaction) -> None:
        values = {"id": self._name, "route": self._route, "body_mac": self._body_mac, "created_at": self._context.now()}
        tx.sql.execute(insert(first_answers).values(**values))

    def _forget(self, tx: Transaction) -> None:
        tx.sql.execute(delete(first_answers).where(first_answers.c.id == self._name))


def sweep(tx: Transaction, before: int) -> None:
    """Forget answers first given before `before` (Unix ms)."""
    tx.sql.execute(delete(first_answers).where(first_answers.c.created_at < before))
