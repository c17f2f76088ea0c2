"""``/grants``: standing rules, listed and revoked. Only a person's passkey in a browser makes one."""

from __future__ import annotations

from aiohttp import hdrs, web

from broker.issuer.grants import services
from broker.issuer.web.page import Visit, page, redirect


async def show(visit: Visit) -> web.StreamResponse:
    """Every rule of the organisation."""
    org_id, now = visit.session.org_id, visit.context.now()
    return visit.show("grants.html", grants=await visit.context.read(lambda c: services.listed(c, now, org_id)))


async def revoke(visit: Visit) -> web.StreamResponse:
    """Revoke a rule."""
    await services.revoke(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"))
    return redirect("/grants")


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [page(hdrs.METH_GET, "/grants", show), page(hdrs.METH_POST, "/grants/{id}/revoke", revoke)]
