"""A small load generator: keep-alive mTLS connections that send prepared bodies, and the server's CPU per request.

Wall time is noisy on shared machines, so the figure that counts is CPU time of the server process
(user + system, from ``/proc/<pid>/stat``) divided by the number of requests.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run showed. Times are microseconds."""

    requests: int
    cpu_us: float
    wall_us: float
    statuses: dict[int, int]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def _send_all(port: int, context: ssl.SSLContext, path: str, headers: str, bodies: list[bytes], statuses: Counter[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}Content-Type: application/json\r\nContent-Length: ".encode()
    for body in bodies:
        writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        statuses[status] += 1
        lower = answer.lower()
        start = lower.index(b"content-length:") + 15
        content = await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
        if status != 200:
            raise RuntimeError(f"the server answered {status}: {content[:200]!r}")
    writer.close()
    await writer.wait_closed()


async def measure(
    pid: int, port: int, context: ssl.SSLContext, path: str, bodies: list[bytes], connections: int = 32, headers: str = ""
) -> Measured:
    """Send `bodies` over `connections` connections; handshakes are part of it and few."""
    statuses: Counter[int] = Counter()
    before, started = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(_send_all(port, context, path, headers, bodies[n::connections], statuses) for n in range(connections)))
    wall, cpu = time.perf_counter() - started, cpu_seconds(pid) - before
    return Measured(len(bodies), cpu / len(bodies) * 1e6, wall / len(bodies) * 1e6, dict(statuses))
