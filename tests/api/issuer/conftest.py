"""A running LedgerOS and a world around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.issuer.harness import World, known_world, lay_out_world
from tests.api.issuer.serving import Issuer, running_issuer


@pytest.fixture
async def issuer(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Issuer]:
    """LedgerOS."""
    if "world" in request.fixturenames:
        await lay_out_world(tmp_path)
    async with running_issuer(tmp_path) as running:
        yield running


@pytest.fixture
async def world(issuer: Issuer) -> AsyncIterator[World]:
    """LedgerOS with an organisation ready for a release."""
    async with known_world(issuer) as ready:
        yield ready
