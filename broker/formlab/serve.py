"""Serving saved pages on loopback, with every script of theirs switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

SCRIPTS_OFF = "script-src 'none'"


@asynccontextmanager
async def serve_pages(folder: Path) -> AsyncIterator[str]:
    """Serve `folder` on a free port; yields the base URL, without a slash at the end."""
    app = web.Application()
    app.router.add_static("/pages", folder / "pages")
    app.router.add_get("/generated/{count}", _generated)
    app.on_response_prepare.append(_switch_scripts_off)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def _generated(request: web.Request) -> web.Response:
    """A form of as many labelled controls as the path says, a card among them."""
    count = int(request.match_info["count"])
    card = ("Card number", "Expiry date", "Security code", "Name on card")
    names = [*card, *(f"Item {place} quantity" for place in range(count - len(card)))]
    rows = "".join(f'<p><label for="f{place}">{name}</label><input id="f{place}" name="f{place}"></p>' for place, name in enumerate(names))
    return web.Response(text=f"<!doctype html><title>generated</title><form>{rows}</form>", content_type="text/html")


async def _switch_scripts_off(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = SCRIPTS_OFF
    if response.content_type == "text/html":
        response.charset = "utf-8"
