"""A page of formatting libraries and frameworks on loopback, with the libraries that it asks for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.browser.forms.engine_world import HERE, bundle

MASKS = HERE / "masks"


@asynccontextmanager
async def serving(page: Path, scratch: Path) -> AsyncIterator[str]:
    """The address of the page in the folder `page`; its ``react.jsx`` is bundled in `scratch`, against our libraries."""
    install_libraries()
    source = page / "react.jsx"
    if page != MASKS:
        (scratch / "node_modules").symlink_to(MASKS / "node_modules")
        source = scratch / "react.jsx"
        source.write_text((page / "react.jsx").read_text(encoding="utf-8"), encoding="utf-8")
    react = bundle(source, scratch / "react.js", "--transform.define", "process.env.NODE_ENV:'production'")
    app = web.Application()

    async def react_bundle(_request: web.Request) -> web.Response:
        return web.Response(text=react, content_type="text/javascript")

    app.router.add_get("/react.bundle.js", react_bundle)
    app.router.add_static("/node_modules", MASKS / "node_modules")
    app.router.add_static("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/index.html"
    await runner.cleanup()


def install_libraries() -> None:
    """``npm ci`` when the lock changed since the last time."""
    marker = MASKS / "node_modules" / ".lock.sha256"
    wanted = hashlib.sha256((MASKS / "package-lock.json").read_bytes()).hexdigest()
    if marker.exists() and marker.read_text() == wanted:
        return
    scripts = Path(sys.prefix) / "bin"
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([scripts / "npm", "ci", "--legacy-peer-deps"], cwd=MASKS, env=environment, check=True, capture_output=True)
    marker.write_text(wanted)
