"""The command line on the state folder of a running LedgerOS."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Done = subprocess.CompletedProcess[str]


async def ledgeros(*arguments: str, state: Path | None = None) -> Done:
    """Run a command; never raises."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    where = [] if state is None else ["--state", str(state)]
    command = [sys.executable, "-P", "-m", "broker.cli", *where, *arguments]

    def run() -> Done:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    return await asyncio.to_thread(run)
