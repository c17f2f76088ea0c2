"""One till per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.client.harness import Till, running_till


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with running_till(tmp_path) as running:
        yield running
