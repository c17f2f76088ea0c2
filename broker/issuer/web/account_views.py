"""``/setup/{token}``, ``/sign-in``, ``/sign-out``."""

from __future__ import annotations

from aiohttp import hdrs, web

from broker.core.errors import LedgerError
from broker.issuer.context import CONTEXT
from broker.issuer.web import accounts
from broker.issuer.web.page import COOKIE, PAGES, Visit, current, page, read_form, redirect, signed_in

_THROTTLE: web.AppKey[accounts.Throttle] = web.AppKey("throttle", accounts.Throttle)


async def show_setup(request: web.Request) -> web.StreamResponse:
    """The form that makes an owner."""
    if not await accounts.setup_open(request.app[CONTEXT], request.match_info["token"]):
        raise LedgerError(410, "setup_link_used", "This link was used or is expired.", "Make a new one: ledgeros issuer setup-link")
    return request.app[PAGES].render("setup.html", problem=None, name="", organisation="")


async def do_setup(request: web.Request) -> web.StreamResponse:
    """Make the owner and sign them in. Fields: ``organisation`` (may be empty), ``name``, ``password``."""
    form = await read_form(request)
    name, organisation = form.get("name", ""), form.get("organisation", "")
    try:
        secret = await accounts.make_owner(request.app[CONTEXT], request.match_info["token"], organisation, name, form.get("password", ""))
    except LedgerError as error:
        if error.status == 410:
            raise
        return request.app[PAGES].render("setup.html", error.status, problem=error, name=name, organisation=organisation)
    return signed_in(secret, "/")


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """The sign-in form."""
    if await current(request) is not None:
        return redirect("/")
    return request.app[PAGES].render("sign_in.html", problem=None, name="")


async def do_sign_in(request: web.Request) -> web.StreamResponse:
    """Sign in. Fields: ``name``, ``password``."""
    form = await read_form(request)
    name = form.get("name", "")
    try:
        secret = await accounts.sign_in(request.app[CONTEXT], request.app[_THROTTLE], name, form.get("password", ""))
    except LedgerError as error:
        return request.app[PAGES].render("sign_in.html", error.status, problem=error, name=name)
    return signed_in(secret, "/")


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End the session."""
    await accounts.sign_out(visit.context, visit.session)
    response = redirect("/sign-in")
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response


def routes(app: web.Application) -> list[web.RouteDef]:
    """These routes."""
    settings = app[CONTEXT].settings
    app[_THROTTLE] = accounts.Throttle(settings.sign_in_tries, settings.sign_in_lock_seconds)
    return [
        web.route(hdrs.METH_GET, "/setup/{token}", show_setup),
        web.route(hdrs.METH_POST, "/setup/{token}", do_setup),
        web.route(hdrs.METH_GET, "/sign-in", show_sign_in),
        web.route(hdrs.METH_POST, "/sign-in", do_sign_in),
        page(hdrs.METH_POST, "/sign-out", sign_out),
    ]
