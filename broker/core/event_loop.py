"""The event loop that the processes run on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on uvloop, the faster one; on asyncio's own where that is missing (Windows).

    Never in debug mode, whatever PYTHONASYNCIODEBUG says: such a loop logs what its callbacks were called with.
    """
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work, debug=False)
    return uvloop.run(work, debug=False)
