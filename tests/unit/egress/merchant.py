"""A merchant on loopback: real TLS, and a server that answers exactly the bytes a test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

HOSTS = (
    "shop.localhost", "form-pay.localhost", "json-pay.localhost", "hosted-pay.localhost", "graphql-pay.localhost",
    "multipart-pay.localhost", "worker-pay.localhost",
)  # fmt: skip


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


Answer = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()

    return answer


@dataclass
class Merchant:
    """Answers with `answer`; keeps every request, counts connections. A connection is closed when `answer` raises ``ConnectionError``."""

    port: int = 0
    answer: Answer = field(default_factory=lambda: answering(b'{"id":"tok_1"}', "Content-Type: application/json"))
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    connected: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, host: str, path: str) -> str:
        return f"https://{host}:{self.port}{path}"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.connected.release()
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2])]
                length = int(next((value for name, value in headers if name.lower() == "content-length"), "0"))
                received = Received(head[0], headers, await reader.readexactly(length))
                self.received.append(received)
                await self.answer(received, writer)


@asynccontextmanager
async def merchant_with_ca(folder: Path) -> AsyncIterator[tuple[Merchant, Path]]:
    """A listening merchant, and the file of the CA that signed its certificate."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    folder.mkdir(parents=True, exist_ok=True)
    ca_file = folder / "merchant-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    merchant = Merchant()
    server = await asyncio.start_server(merchant.accept, "127.0.0.1", 0, ssl=context)
    merchant.port = server.sockets[0].getsockname()[1]
    try:
        yield merchant, ca_file
    finally:
        server.close()
        await merchant.close()
