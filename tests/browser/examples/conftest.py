"""The examples share the stack, the loop and the worker of the browser tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """As the tests one folder up: one event loop, one Chromium, one worker."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("chromium"))
            item.add_marker(pytest.mark.timeout(240))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
