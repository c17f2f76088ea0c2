"""A broker with its surroundings, one per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.broker.harness import Stack, running_stack


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A broker, whose LedgerOS does what the test says."""
    async with running_stack(tmp_path) as running:
        yield running
