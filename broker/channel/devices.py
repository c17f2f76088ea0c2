"""The browsers this broker has paired with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from broker.audit import Event, record
from broker.channel.tables import devices
from broker.core.canonical import b64u
from broker.core.clock import Clock
from broker.protocol.sealing import key_id
from broker.storage import Database, Transaction


@dataclass(frozen=True, slots=True)
class Device:
    """A paired browser. Times are Unix milliseconds; `revoked_at` is None while it may connect.

    `public_key` (raw Ed25519, base64url; `key_id` names it) is the key that its pairing pinned. It signs decisions too, and is known
    here without LedgerOS.
    """

    id: str
    name: str
    paired_at: int
    last_seen_at: int | None
    revoked_at: int | None
    key_id: str
    public_key: str


class DeviceDirectory:
    """The devices table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_key(self, signing_key: bytes) -> Device | None:
        """The browser with this pinned key, unless it was revoked."""
        wanted = (devices.c.signing_key == signing_key, devices.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(select(devices).where(*wanted)).first())
        return None if row is None else _device(row)

    def is_paired(self, device_id: str) -> bool:
        """Whether this browser is still paired: asked at each of its messages, so that a revocation takes effect."""
        return self._database.look("SELECT 1 FROM devices WHERE id = ? AND revoked_at IS NULL", device_id) is not None

    async def seen(self, device_id: str) -> None:
        """This browser is connected now."""
        statement = update(devices).where(devices.c.id == device_id).values(last_seen=self._clock.now_ms())
        await self._database.write(lambda transaction: transaction.sql.execute(statement))

    def all(self) -> list[Device]:
        """Every browser, the revoked ones too, oldest first. For the CLI."""
        query = select(devices).order_by(devices.c.paired_at)
        return [_device(row) for row in self._database.read_now(lambda connection: connection.execute(query).all())]

    def revoke(self, device_id: str) -> bool:
        """Unpair a browser; False when there is none such. For the CLI."""

        def job(transaction: Transaction) -> bool:
            now = self._clock.now_ms()
            wanted = (devices.c.id == device_id, devices.c.revoked_at.is_(None))
            if transaction.sql.execute(update(devices).where(*wanted).values(revoked_at=now)).rowcount != 1:
                return False
            record(transaction, now, Event("person:device:revoked", {"deviceId": device_id}))
            return True

        return self._database.write_now(job)


def _device(row: Row[Any]) -> Device:
    key = row.signing_key
    return Device(row.id, row.name, row.paired_at, row.last_seen, row.revoked_at, key_id(key), b64u(key))
