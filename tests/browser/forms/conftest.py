"""One Chromium for the tests of the form engine; every test gets a page of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from broker.demo.browser import sandboxed
from broker.install.browsers import chromium_path
from tests.browser.forms.engine_world import HERE, bundle


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("forms"))
            item.add_marker(pytest.mark.timeout(240))
            if isinstance(item, pytest.Function) and item.get_closest_marker("asyncio"):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine's script."""
    return bundle(HERE / "engine_entry.ts", Path(tmp_path_factory.mktemp("engine")) / "engine.js")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    arguments = ["--disable-gpu", *([] if sandboxed() else ["--no-sandbox"])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    page = await chromium.new_page(viewport={"width": 900, "height": 700})
    yield page
    await page.close()
