"""The real parts that the hostile parties meet: LedgerOS, the broker, the whole chain, and Chromium with the built extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
