"""The engine in the isolated world of a frame, as the extension has it: real Chromium, the same modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Frame, Page

HERE = Path(__file__).parent
EXTENSION = HERE.parents[2] / "extension"

CARD = {"number": "4111111111111111", "securityCode": "737", "month": 12, "year": 2030, "name": "Ada Example"}


def bundle(entry: Path, target: Path, *options: str) -> str:
    """The script of `entry` with all it imports, as one file."""
    node = Path(sys.prefix) / "bin" / "node"
    tool = EXTENSION / "node_modules" / "rolldown" / "bin" / "cli.mjs"
    subprocess.run([node, tool, entry, "-f", "iife", "-o", target, *options], cwd=EXTENSION, check=True, capture_output=True)
    return target.read_text(encoding="utf-8")


class EngineWorld:
    """One isolated world of one frame."""

    def __init__(self, session: Any, context: int) -> None:
        self._session = session
        self._context = context

    @classmethod
    async def open(cls, page: Page, script: str, frame: Frame | None = None) -> EngineWorld:
        """A world in the top frame of `page`, or in `frame`, which may be of another process."""
        session = await page.context.new_cdp_session(frame if frame and frame.parent_frame else page)
        await session.send("Page.enable")
        tree = await session.send("Page.getFrameTree")
        world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "engine"})
        opened = cls(session, world["executionContextId"])
        await opened._evaluate(f"{script}; 0")
        return opened

    async def call(self, name: str, *arguments: Any) -> Any:
        """The answer of one function of the engine."""
        return await self._evaluate(f"engine.{name}(...{json.dumps(arguments)})")

    async def _evaluate(self, expression: str) -> Any:
        answer = await self._session.send(
            "Runtime.evaluate",
            {"expression": expression, "contextId": self._context, "awaitPromise": True, "returnByValue": True},
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")
