"""The egress as it is really run: a process of its own, started from a settings file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.core.canonical import unb64u
from broker.core.clock import SystemClock
from broker.egress.client import EgressClient
from broker.egress.settings import EgressSettings, Limits
from tests.unit.egress.merchant import Merchant, merchant_with_ca
from tests.unit.egress.stand import Stand, teach_all
from tests.unit.egress.values import ManualClock


@dataclass
class EgressProcess:
    """A running egress process and what it said when it was ready."""

    process: asyncio.subprocess.Process
    public_key: bytes

    async def kill(self) -> bytes:
        """SIGKILL; answers all it wrote to standard error."""
        self.process.kill()
        return (await self.process.communicate())[1]


async def start(settings: EgressSettings, **environment: str) -> EgressProcess:
    file = settings.folder.parent / "egress.json"
    file.write_text(json.dumps(settings.wire()))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "broker.egress", str(file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout is not None
    return EgressProcess(process, unb64u(json.loads(await process.stdout.readline())["publicKey"]))


@asynccontextmanager
async def own_process(
    folder: Path, limits: Limits | None = None, **environment: str
) -> AsyncIterator[tuple[EgressProcess, EgressSettings, Merchant]]:
    async with merchant_with_ca(folder) as (merchant, ca_file):
        settings = EgressSettings(
            folder=folder / "egress", socket=folder / "run" / "egress.sock", broker_uid=os.getuid(), sandbox=True, extra_ca=ca_file,
            limits=limits or Limits(),
        )  # fmt: skip
        teach_all(settings)
        egress = await start(settings, **environment)
        try:
            yield egress, settings, merchant
        finally:
            if egress.process.returncode is None:
                await egress.kill()


async def connected(egress: EgressProcess, settings: EgressSettings, merchant: Merchant) -> Stand:
    client = await EgressClient.connect(settings.socket, os.getuid())
    return Stand(merchant, client, egress.public_key, ManualClock(SystemClock().now_ms()), settings)
