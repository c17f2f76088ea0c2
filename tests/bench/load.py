"""A small load generator: keep-alive mTLS connections that send prepared bodies, and the server's CPU per request.

Wall time is noisy on shared machines, so the figure that counts is CPU time of the server process
(user + system, all threads) divided by the number of requests.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run showed. Times are microseconds."""

    requests: int
    cpu_us: float
    wall_us: float
    statuses: dict[int, int]
    turns_cpu_us: list[float]
    """CPU a request of each turn by itself: how far they lie apart is what a single figure is worth."""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all threads; its clock's id as clock_getcpuclockid(3) makes it on Linux."""
    return time.clock_gettime(~pid << 3 | 2)


class Load:
    """Open connections to one server, and what answering has cost it so far: handshakes are part of that, and few."""

    def __init__(self, pid: int, port: int, path: str, headers: str = "") -> None:
        self._pid = pid
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}Content-Type: application/json\r\nContent-Length: ".encode()
        )
        self._streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._statuses: Counter[int] = Counter()
        self._cpu = self._wall = 0.0
        self._turns: list[float] = []

    async def open(self, context: ssl.SSLContext, connections: int = 32) -> Self:
        """Connect."""
        before = cpu_seconds(self._pid)
        one = [asyncio.open_connection("127.0.0.1", self._port, ssl=context, server_hostname="localhost") for _ in range(connections)]
        self._streams = await asyncio.gather(*one)
        self._cpu += cpu_seconds(self._pid) - before
        return self

    async def send(self, bodies: list[bytes]) -> None:
        """Send `bodies`, each once, over all connections."""
        before, started = cpu_seconds(self._pid), time.perf_counter()
        count = len(self._streams)
        await asyncio.gather(*(self._send_all(*stream, bodies[n::count]) for n, stream in enumerate(self._streams)))
        self._wall += time.perf_counter() - started
        spent = cpu_seconds(self._pid) - before
        self._cpu += spent
        self._turns.append(spent / len(bodies) * 1e6)

    async def close(self) -> None:
        """Disconnect."""
        for _, writer in self._streams:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._streams), return_exceptions=True)

    def measured(self) -> Measured:
        """What it was so far."""
        requests = self._statuses.total()
        return Measured(requests, self._cpu / requests * 1e6, self._wall / requests * 1e6, dict(self._statuses), list(self._turns))

    async def _send_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bodies: list[bytes]) -> None:
        for body in bodies:
            writer.write(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer[9:12])
            self._statuses[status] += 1
            lower = answer.lower()
            start = lower.index(b"content-length:") + 15
            content = await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
            if status != 200:
                raise RuntimeError(f"the server answered {status}: {content[:200]!r}")
