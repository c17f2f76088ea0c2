"""``/settings``: API keys, approval, numbers."""

from __future__ import annotations

from aiohttp import hdrs, web

from broker.core.errors import LedgerError
from broker.core.money import plain_money, typed_money
from broker.issuer.organisations import services
from broker.issuer.web.page import Visit, page, redirect


async def show_keys(visit: Visit) -> web.StreamResponse:
    """Settings > API Keys."""
    return await _keys(visit, None)


async def create_key(visit: Visit) -> web.StreamResponse:
    """Create a key and show it, this once. Fields: ``name``, ``kind`` (backend, acquirer), ``expires`` (days, may be empty)."""
    days = visit.form.get("expires", "").strip()
    if days and not (days.isascii() and days.isdigit() and len(days) <= 4):
        raise LedgerError(400, "invalid_expiry", "The expiry must be a number of days.", "Leave it empty for none.")
    kind = visit.form.get("kind", "backend")
    if kind not in ("backend", "acquirer"):
        raise LedgerError(400, "invalid_kind", "There is no such kind of key.", "Choose one of the list.")
    new = await services.create_key(
        visit.context, visit.session.actor, visit.session.org_id, "backend" if kind == "backend" else "acquirer",
        visit.form.get("name", ""), int(days) if days else None,
    )  # fmt: skip
    return await _keys(visit, new)


async def _keys(visit: Visit, new: services.NewKey | None) -> web.StreamResponse:
    keys = await visit.context.read(lambda c: services.list_keys(c, visit.session.org_id))
    return visit.show("api_keys.html", keys=keys, new=new)


async def revoke_key(visit: Visit) -> web.StreamResponse:
    """Revoke a key."""
    await services.revoke_key(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"))
    return redirect("/settings/api-keys")


async def show_approval(visit: Visit) -> web.StreamResponse:
    """Settings > Approval and numbers."""
    organisation = await visit.context.read(lambda c: services.get_organisation(c, visit.session.org_id))
    currency = visit.context.settings.currency
    return visit.show(
        "approval.html", organisation=organisation, currency=currency, above=plain_money(organisation.step_up_above, currency)
    )


async def change_approval(visit: Visit) -> web.StreamResponse:
    """Choose the approval. Fields: ``approval``, ``step_up_above`` (an amount as people type it)."""
    try:
        above = typed_money(visit.form.get("step_up_above", ""), visit.context.settings.currency)
    except ValueError:
        raise LedgerError(400, "invalid_setting", "The threshold must be an amount.", "Type it as 100.00.") from None
    await services.change_approval(visit.context, visit.session.actor, visit.session.org_id, visit.form.get("approval", ""), above)
    return redirect("/settings/approval")


async def change_raw_pan(visit: Visit) -> web.StreamResponse:
    """Switch rawPan. Field: ``raw_pan`` (on, off)."""
    await services.change_raw_pan(visit.context, visit.session.actor, visit.session.org_id, visit.form.get("raw_pan") == "on")
    return redirect("/settings/approval")


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [
        page(hdrs.METH_GET, "/settings/api-keys", show_keys),
        page(hdrs.METH_POST, "/settings/api-keys", create_key),
        page(hdrs.METH_POST, "/settings/api-keys/{id}/revoke", revoke_key),
        page(hdrs.METH_GET, "/settings/approval", show_approval),
        page(hdrs.METH_POST, "/settings/approval", change_approval),
        page(hdrs.METH_POST, "/settings/raw-pan", change_raw_pan),
    ]
