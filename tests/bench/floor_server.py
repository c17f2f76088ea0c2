"""The floor: the least a durable, sealed, single-use redeem over mutual TLS can cost with these libraries.

aiohttp on uvloop, a peer certificate, a pydantic body, one conditional UPDATE and one hash-chained
row in a group commit, one HPKE seal. No decision, no window, no state checks: those are what the
real redeem adds. Run as ``python -m tests.bench.floor_server STATE TOKENS``; prints its port.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pydantic import BaseModel

from broker.pki.contexts import server_context
from broker.pki.files import PkiFolder
from broker.pki.identity import peer_id
from broker.pki.profile import Roles

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CARD = b'{"pan":"0000000000000000","cvv":"000","expirationMonth":1,"expirationYear":2030}' + b" " * 117


class Body(BaseModel):
    token: str


class Writer(threading.Thread):
    """Group commit with nothing else in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self.queue: SimpleQueue[tuple[bytes, asyncio.Future[bool], asyncio.AbstractEventLoop]] = SimpleQueue()
        self.head = bytes(32)

    def run(self) -> None:
        while True:
            batch = [self.queue.get()]
            while not self.queue.empty() and len(batch) < 256:
                batch.append(self.queue.get())
            self.db.execute("BEGIN IMMEDIATE")
            results = [self.redeem(token) for token, _, _ in batch]
            self.db.execute("COMMIT")
            for (_, future, loop), result in zip(batch, results, strict=True):
                loop.call_soon_threadsafe(future.set_result, result)

    def redeem(self, token: bytes) -> bool:
        row = self.db.execute("UPDATE tokens SET used = 1 WHERE hash = ? AND used = 0 RETURNING hash", (token,)).fetchone()
        leaf = json.dumps({"token": token.hex(), "ok": row is not None})
        self.head = hashlib.sha256(self.head + leaf.encode()).digest()
        self.db.execute("INSERT INTO log (leaf, hash) VALUES (?, ?)", (leaf, self.head))
        return row is not None


async def main(state: Path, tokens: int) -> None:
    writer = Writer(state / "floor.db")
    writer.db.executescript(
        "CREATE TABLE tokens (hash BLOB PRIMARY KEY, used INTEGER); CREATE TABLE log (seq INTEGER PRIMARY KEY, leaf TEXT, hash BLOB);"
    )
    writer.db.execute("BEGIN")
    writer.db.executemany("INSERT INTO tokens VALUES (?, 0)", ((hashlib.sha256(f"tok_{n:043d}".encode()).digest(),) for n in range(tokens)))
    writer.db.execute("COMMIT")
    writer.start()
    recipient = X25519PrivateKey.generate().public_key()

    async def redeem(request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        peer = peer_id(request.transport, "broker")
        body = Body.model_validate_json(await request.read())
        writer.queue.put((hashlib.sha256(body.token.encode()).digest(), future, loop))
        if not await future:
            return web.json_response({"error": "used"}, status=410)
        sealed = SUITE.encrypt(CARD, recipient, info=peer.encode())
        answer: dict[str, Any] = {"sealed": sealed.hex()}
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/redeem", redeem)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(
        runner, "127.0.0.1", 0, ssl_context=server_context(PkiFolder(state / "pki"), Roles.ISSUER_SERVER, client_certificate=True)
    )
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1], "pid": os.getpid()}), flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
