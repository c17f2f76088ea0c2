"""Render templates: autoescaped, with the headers every page has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import hdrs, web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from broker.core.clock import Clock
from broker.webui import words

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STATIC = {"tokens.css": "text/css", "page.css": "text/css", "page.js": "text/javascript"}


class Pages:
    """Templates of this kit and of one room (``templates/`` in `package`)."""

    def __init__(self, package: str, clock: Clock) -> None:
        self._clock = clock
        self._templates = _templates(package)

    def render(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """An HTML answer."""
        text = self._templates.get_template(template).render(now=self._clock.now_ms(), **values)
        return web.Response(status=status, text=text, content_type="text/html", headers=PAGE_HEADERS)


@cache
def _templates(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("broker.webui")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words.FILTERS)
    return environment


def static_routes() -> list[web.RouteDef]:
    """``/static/…``: a fixed list of files, read once."""
    return [web.route(hdrs.METH_GET, f"/static/{name}", _serve(name, kind)) for name, kind in _STATIC.items()]


@cache
def _content(name: str) -> bytes:
    return (files("broker.webui") / "static" / name).read_bytes()


def _serve(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(_: web.Request) -> web.StreamResponse:
        headers = {**PAGE_HEADERS, "Cache-Control": "no-cache"}
        return web.Response(body=_content(name), content_type=kind, charset="utf-8", headers=headers)

    return serve
