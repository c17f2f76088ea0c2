"""Pairing: a person reads a code here and types it in the extension; both sides then pin each other's key.

The proof is the one of ``protocol/proof.py``: an HMAC under a key stretched from the code, over the
whole opening, so it holds for these keys on this connection only.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select, update

from broker.audit import Event, record
from broker.channel.tables import devices, pairing_codes
from broker.core.canonical import unb64u
from broker.core.clock import Clock
from broker.core.ids import IdFactory, Randomness
from broker.protocol.channel import Hello, Pair, Paired, Welcome
from broker.protocol.proof import CODE_LIFE_MS, CODE_TRIES, check_proof, code_id, make_proof, new_code, proof_key
from broker.storage import Database, Transaction


@dataclass(frozen=True, slots=True)
class PairingRefusal:
    """Why a pairing did not happen."""

    code: Literal["bad_code", "no_code", "too_many_tries"]
    message: str


_NO_CODE = PairingRefusal("no_code", "This code is not known, was used, or is older than ten minutes. Make a new one at the broker.")
_BAD_CODE = PairingRefusal("bad_code", "The code does not fit. Compare it with the one at the broker.")
_SPENT = PairingRefusal("too_many_tries", "This code was tried too often. Make a new one at the broker.")


class PairingDesk:
    """The pairing_codes table, and the devices that codes turn into."""

    def __init__(self, database: Database, clock: Clock, ids: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def create_code(self, randomness: Randomness = secrets.token_bytes) -> str:
        """A code for one pairing within ten minutes; shown once, only a key stretched from it is kept. For the CLI."""
        code = new_code(randomness)
        key = proof_key(code, "pairing")
        row = {"code_id": code_id(key), "proof_key": key, "tries": 0}

        def job(transaction: Transaction) -> None:
            now = self._clock.now_ms()
            transaction.sql.execute(delete(pairing_codes).where(pairing_codes.c.expires_at <= now))
            transaction.sql.execute(pairing_codes.insert(), {**row, "expires_at": now + CODE_LIFE_MS})
            record(transaction, now, Event("person:pairing-code:created", {"codeId": row["code_id"]}))

        self._database.write_now(job)
        return code

    async def pair(self, hello: Hello, welcome: Welcome, pair: Pair) -> Paired | PairingRefusal:
        """Check the proof, spend the code and pin the browser's key, all in one transaction."""

        def job(transaction: Transaction) -> Paired | PairingRefusal:
            now = self._clock.now_ms()
            row = transaction.sql.execute(select(pairing_codes).where(pairing_codes.c.code_id == pair.code_id)).first()
            if row is None or row.expires_at <= now:
                return self._refused(transaction, now, pair, _NO_CODE)
            if row.tries >= CODE_TRIES:
                return self._refused(transaction, now, pair, _SPENT)
            said = {"hello": hello.wire(), "welcome": welcome.wire()}
            claim = {name: value for name, value in pair.wire().items() if name != "proof"}
            if not check_proof(row.proof_key, "extension", {**said, "pair": claim}, pair.proof):
                transaction.sql.execute(update(pairing_codes).where(pairing_codes.c.code_id == pair.code_id).values(tries=row.tries + 1))
                return self._refused(transaction, now, pair, _BAD_CODE)
            transaction.sql.execute(delete(pairing_codes).where(pairing_codes.c.code_id == pair.code_id))
            replaces = self._pin(transaction, now, unb64u(hello.device_key), pair.device_name)
            answer = {"type": "paired", "replaces": replaces}
            return Paired(replaces=replaces, proof=make_proof(row.proof_key, "broker", {**said, "pair": pair.wire(), "paired": answer}))

        return await self._database.write(job)

    def _pin(self, transaction: Transaction, now: int, signing_key: bytes, name: str) -> str | None:
        """Pin the key; returns the name under which it was pinned before, if it was."""
        old = transaction.sql.execute(select(devices).where(devices.c.signing_key == signing_key)).first()
        device_id = self._ids.new("dev") if old is None else old.id
        if old is None:
            row = {"id": device_id, "signing_key": signing_key, "name": name, "paired_at": now}
            transaction.sql.execute(devices.insert(), row)
        else:
            fresh = {"name": name, "paired_at": now, "revoked_at": None}
            transaction.sql.execute(update(devices).where(devices.c.id == device_id).values(fresh))
        replaces = None if old is None or old.revoked_at is not None else str(old.name)
        record(transaction, now, Event("person:device:paired", {"deviceId": device_id, "again": old is not None}))
        return replaces

    @staticmethod
    def _refused(transaction: Transaction, now: int, pair: Pair, refusal: PairingRefusal) -> PairingRefusal:
        record(transaction, now, Event("extension:pairing:refused", {"codeId": pair.code_id[:32], "reason": refusal.code}))
        return refusal
