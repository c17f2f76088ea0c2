"""The real parts that the hostile parties meet: LedgerOS, the broker, the whole chain, and Chromium with the built extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.adversary.surrogate_stack import Hostile, hostile_stack
from tests.api.broker.conftest import stack
from tests.api.broker.test_with_ledgeros import Chain, running_chain
from tests.api.issuer.conftest import issuer, world
from tests.api.issuer.harness import running_world
from tests.browser.extension.conftest import browser, built_extension, enrolled, ready, shop_origin

__all__ = ["browser", "built_extension", "enrolled", "issuer", "ready", "shop_origin", "stack", "world"]


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    """LedgerOS, a broker, a browser made of Python, an agent."""
    async with running_world(tmp_path) as world, running_chain(tmp_path, world) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_hostile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hostile]:
    async with hostile_stack(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def hostile(shared_hostile: Hostile) -> AsyncIterator[Hostile]:
    """The whole stack in surrogate mode, with a merchant that does what the test says."""
    await shared_hostile.world.send_another_agent()
    yield shared_hostile
    await shared_hostile.tidy()
