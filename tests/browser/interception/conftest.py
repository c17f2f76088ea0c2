"""One Chromium with the extension for all tests here; each gets a page of its own and a release that waits for it to pay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.extension.conftest import built_extension
from tests.browser.interception.world import Paying, paying_world

__all__ = ["built_extension"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("interception"))
            item.add_marker(pytest.mark.timeout(240))
            if isinstance(item, pytest.Function) and item.get_closest_marker("asyncio"):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(built_extension: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Paying]:
    async with paying_world(built_extension, tmp_path_factory.mktemp("interception")) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def paying(shared: Paying) -> AsyncIterator[Paying]:
    await asyncio.wait_for(shared.peer.online.wait(), 15)
    yield shared
    await shared.tidy()
