"""One stack for all browser tests of a worker: real processes, real Chromium, real extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from broker.demo.browser import Look
from broker.demo.stage import Stage
from broker.demo.story import Story
from broker.demo.tale import Tale
from tests.browser.surrogate import SurrogateWorld, with_egress
from tests.browser.world import World

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here shares one event loop, one Chromium, and one worker."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("chromium"))
            item.add_marker(pytest.mark.timeout(240))
            if isinstance(item, pytest.Function) and item.get_closest_marker("asyncio"):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with Stage(tmp_path_factory.mktemp("stage"), Look()) as stage:
        story = Story(stage, Tale(Console(quiet=True)))
        await story.set_up()
        yield World(story)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_surrogate(shared_world: World) -> AsyncIterator[SurrogateWorld]:
    # The same stack and browser: an egress more, for one module.
    async with with_egress(shared_world) as surrogate:
        yield surrogate


@pytest_asyncio.fixture(loop_scope="session")
async def surrogate(shared_surrogate: SurrogateWorld, world: World) -> SurrogateWorld:
    """The world with an egress that knows every shop but the encrypting one."""
    return shared_surrogate


@pytest_asyncio.fixture(loop_scope="session")
async def world(shared_world: World) -> AsyncIterator[World]:
    await shared_world.send_another_agent()
    yield shared_world
    await shared_world.tidy()
