"""``/brokers``: enrol, list and revoke brokers, browsers, passkeys and egress keys."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.issuer.brokers import codes, services
from broker.issuer.web.page import PageView, Visit, page, redirect
from broker.protocol.sealing import key_id

_KINDS: dict[str, codes.Kind] = {"broker": "broker", "browser": "browser", "egress": "egress"}
_THINGS: tuple[services.Thing, ...] = ("broker", "device", "passkey", "egress")


async def show(visit: Visit) -> web.StreamResponse:
    """Everything that is enrolled."""
    return await _page(visit, None, "")


async def create_code(visit: Visit) -> web.StreamResponse:
    """Make an enrolment code and show it, this once. Field: ``kind`` (broker, browser, egress)."""
    kind = _KINDS.get(visit.form.get("kind", ""))
    if kind is None:
        raise LedgerError(400, "invalid_kind", "There is no such kind of code.", "Use one of the buttons.")
    return await _page(visit, await codes.create_code(visit.context, visit.session.actor, visit.session.org_id, kind), kind)


async def _page(visit: Visit, code: str | None, kind: str) -> web.StreamResponse:
    org_id = visit.session.org_id

    def read(connection: Connection) -> tuple[list[dict[str, Any]], ...]:
        return tuple(services.listed(connection, thing, org_id) for thing in _THINGS)

    brokers, devices, passkeys, egresses = await visit.context.read(read)
    own = visit.context.keys.signing.public_key().public_bytes_raw()
    return visit.show(
        "brokers.html", brokers=brokers, devices=devices, passkeys=passkeys, egresses=egresses, code=code, kind=kind,
        own_key=b64u(own), own_key_id=key_id(own),
    )  # fmt: skip


def _revoke(thing: services.Thing) -> PageView:
    async def view(visit: Visit) -> web.StreamResponse:
        await services.revoke(visit.context, visit.session.actor, visit.session.org_id, thing, visit.part("id"))
        return redirect("/brokers")

    return view


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [
        page(hdrs.METH_GET, "/brokers", show),
        page(hdrs.METH_POST, "/brokers/codes", create_code),
        page(hdrs.METH_POST, "/brokers/{id}/revoke", _revoke("broker")),
        page(hdrs.METH_POST, "/devices/{id}/revoke", _revoke("device")),
        page(hdrs.METH_POST, "/passkeys/{id}/revoke", _revoke("passkey")),
        page(hdrs.METH_POST, "/egresses/{id}/revoke", _revoke("egress")),
    ]
