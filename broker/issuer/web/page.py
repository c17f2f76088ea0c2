"""A page of the dashboard: session, CSRF token, form fields; and errors as pages."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from broker.core.errors import LedgerError
from broker.issuer.context import CONTEXT, Context
from broker.issuer.web.accounts import Session, find_session
from broker.webui import Pages

COOKIE = "__Host-ledgeros"
PAGES: web.AppKey[Pages] = web.AppKey("pages", Pages)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in person."""

    context: Context
    session: Session
    request: web.Request
    form: dict[str, str]

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.request.match_info[name]

    def show(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """A page inside the dashboard's frame."""
        return self.request.app[PAGES].render(template, status, session=self.session, path=self.request.path, **values)


PageView = Callable[[Visit], Awaitable[web.StreamResponse]]


def page(method: str, path: str, view: PageView) -> web.RouteDef:
    """A route for signed-in people; everybody else is led to the sign-in page. A POST needs the session's CSRF token."""

    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        session = await current(request)
        if session is None:
            return redirect("/sign-in")
        form = await read_form(request) if method == hdrs.METH_POST else {}
        if method == hdrs.METH_POST and not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
            raise LedgerError(403, "csrf", "This form is from another session.", "Go back, reload the page and send it again.")
        return await view(Visit(context, session, request, form))

    return web.route(method, path, handle)


async def current(request: web.Request) -> Session | None:
    """The session of the request's cookie."""
    secret = request.cookies.get(COOKIE, "")
    return await find_session(request.app[CONTEXT], secret) if 0 < len(secret) <= 100 else None


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of an ordinary form; files and JSON are refused."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise LedgerError(415, "form_only", "Only this page's own form is taken here.", "Use the form.")
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}


def redirect(path: str) -> web.Response:
    """After a change, or to the sign-in page: 303, so that a reload does not send the form again."""
    return web.Response(status=303, headers={hdrs.LOCATION: path, "Cache-Control": "no-store"})


def signed_in(secret: str, path: str) -> web.Response:
    """A redirect that sets the session cookie."""
    response = redirect(path)
    response.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def error_page(request: web.Request, error: LedgerError) -> web.Response:
    """An error as a page of its own."""
    return request.app[PAGES].render("error.html", error.status, error=error)
