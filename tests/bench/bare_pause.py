"""The floor of `swap`: an extension that only pauses, a host that only echoes, and a request that only goes out."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from playwright.async_api import BrowserContext, Page, Worker
from yarl import URL

EXTENSION = Path(__file__).parent / "bare"
_HOST = "so.ledger.bench"
_ID_DIGITS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def _id() -> str:
    """As Chromium makes the id of an unpacked extension without a key: from its path."""
    return hashlib.sha256(str(EXTENSION).encode()).hexdigest()[:32].translate(_ID_DIGITS)


def write_host(profile: Path) -> None:
    """Put the echoing host where the browser on `profile` looks for it."""
    launcher = profile.parent / "echo"
    launcher.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-I', '-S', str(EXTENSION / 'host.py')])}\n")
    launcher.chmod(0o700)
    hosts = profile / "NativeMessagingHosts"
    hosts.mkdir(parents=True, exist_ok=True)
    manifest = {
        "name": _HOST, "description": "Echo", "path": str(launcher), "type": "stdio",
        "allowed_origins": [f"chrome-extension://{_id()}/"],
    }  # fmt: skip
    (hosts / f"{_HOST}.json").write_text(json.dumps(manifest))


@asynccontextmanager
async def pausing(context: BrowserContext, page: Page) -> AsyncIterator[Worker]:
    """The bare extension pauses what `page` sends. Evaluate ``answer()`` in what is yielded to have it answered through the host."""
    worker = next(worker for worker in context.service_workers if _id() in worker.url)
    tab = await worker.evaluate("(url) => pause(url)", page.url)
    yield worker
    await worker.evaluate("(tab) => stop(tab)", tab)


async def sent_on(url: str, count: int) -> list[float]:
    """Milliseconds of `count` requests from here to `url`: what anybody who sends a payment on must wait for."""
    there = URL(url)
    headers, times = {"Host": f"{there.host}:{there.port}", "Content-Type": "application/json"}, []
    async with aiohttp.ClientSession() as session:
        for _ in range(count + 1):
            begun = time.perf_counter()
            async with session.post(there.with_host("127.0.0.1"), data=b'{"card": {}}', headers=headers) as answer:
                await answer.read()
            times.append((time.perf_counter() - begun) * 1000)
    return times[1:]  # without the one that connected
