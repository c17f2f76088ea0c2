"""``/kyc/{token}``: the applicant completes KYC. In the sandbox they choose its outcome themselves."""

from __future__ import annotations

import hmac
from typing import Any, cast

from aiohttp import hdrs, web
from sqlalchemy import Row

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.issuer.context import CONTEXT
from broker.issuer.users import services
from broker.issuer.web.page import PAGES, read_form, redirect

_OUTCOMES = {"approve": "approved", "deny": "denied", "more": "needsInformation"}


async def show(request: web.Request) -> web.StreamResponse:
    """The application: name and e-mail masked, the choices while it is open, the outcome after."""
    row = await _applicant(request)
    return request.app[PAGES].render(
        "kyc.html", status_word=row.application_status, open=row.application_status in services.OPEN, proof=_proof(request, row),
        name=f"{row.first_name} {row.last_name[:1]}.", email=masked_email(row.email),
    )  # fmt: skip


async def complete(request: web.Request) -> web.StreamResponse:
    """Take the choice. Fields: ``choice`` (approve, deny, more), ``proof``."""
    row, form = await _applicant(request), await read_form(request)
    outcome = _OUTCOMES.get(form.get("choice", ""))
    if outcome is None or not hmac.compare_digest(form.get("proof", "").encode(), _proof(request, row).encode()):
        raise LedgerError(409, "form_outdated", "This form is not of the application's current state.", "Reload the page.")
    await services.complete(request.app[CONTEXT], request.match_info["token"], cast("services.Outcome", outcome))
    return redirect(request.path)


async def _applicant(request: web.Request) -> Row[Any]:
    token = request.match_info["token"]
    row = await request.app[CONTEXT].read(lambda c: services.applicant(c, token))
    if row is None:
        raise LedgerError(404, "application_not_found", "There is no such application.", "Ask for a new link.")
    return row


def _proof(request: web.Request, row: Row[Any]) -> str:
    """Ties the form to this application in this state: a stale or forged form does nothing."""
    return b64u(hmac.digest(request.match_info["token"].encode(), f"{row.application_status}|{row.decided_at}".encode(), "sha256"))


def masked_email(email: str) -> str:
    """Enough of an address for its owner to recognise it."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [web.route(hdrs.METH_GET, "/kyc/{token}", show), web.route(hdrs.METH_POST, "/kyc/{token}", complete)]
