"""The real parts that the hostile parties meet: LedgerOS, the broker, the whole chain, and Chromium with the built extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.broker.harness import Stack, running_stack
from tests.api.broker.test_with_ledgeros import Chain, running_chain
from tests.api.issuer.harness import Issuer, World, known_world, lay_out_world, running_issuer, running_world
from tests.browser.extension.conftest import browser, built_extension, enrolled, ready, shop_origin

__all__ = ["browser", "built_extension", "enrolled", "ready", "shop_origin"]


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
    async with known_world(issuer) as running:
        yield running


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A broker, whose LedgerOS does what the test says."""
    async with running_stack(tmp_path) as running:
        yield running


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    """LedgerOS, a broker, a browser made of Python, an agent."""
    async with running_world(tmp_path) as world, running_chain(tmp_path, world) as running:
        yield running
