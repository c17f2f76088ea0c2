"""A running LedgerOS and a world around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.issuer.harness import Issuer, World, ready_world, running_issuer


@pytest.fixture
async def issuer(tmp_path: Path) -> AsyncIterator[Issuer]:
    async with running_issuer(tmp_path) as running:
        yield running


@pytest.fixture
async def world(issuer: Issuer) -> AsyncIterator[World]:
    async with ready_world(issuer) as ready:
        yield ready
