"""``/users``: who funds card spending, and where they are billed.

As in the API, an address is told to whoever sets it, in the answer, and to nobody who only looks.
"""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection, select

from broker.issuer.users import services
from broker.issuer.users.tables import billing_addresses, users
from broker.issuer.web.page import Visit, page, redirect
from broker.protocol.billing import BillingAddress
from broker.protocol.wire import InvalidRequestError

_ROWS = 100
_FIELDS = [str(field.alias) for field in BillingAddress.model_fields.values()]


async def show_users(visit: Visit) -> web.StreamResponse:
    """The organisation's users, newest first."""
    query = (
        select(users, billing_addresses.c.user_id.is_not(None).label("billed"))
        .outerjoin(billing_addresses, billing_addresses.c.user_id == users.c.id)
        .where(users.c.org_id == visit.session.org_id)
        .order_by(users.c.id.desc())
        .limit(_ROWS)
    )
    rows = await visit.context.read(lambda c: c.execute(query).all())
    return visit.show("users.html", rows=[{**services.user_answer(row), "billed": row.billed} for row in rows])


async def show_address(visit: Visit) -> web.StreamResponse:
    """Whether a user's billing address is set, and the form that sets it."""
    return await _address_page(visit)


async def set_address(visit: Visit) -> web.StreamResponse:
    """Set or replace the address and show it, this once. Fields: those of `BillingAddress`; a blank one counts as not sent."""
    typed = _typed(visit.form)
    try:
        address = BillingAddress.read(typed)
        kept = await services.set_billing_address(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"), address)
    except InvalidRequestError as error:
        # What is in order stays in its field; what is wrong is not sent back.
        values = {name: text for name, text in typed.items() if name not in error.kinds}
        return await _address_page(visit, error.status, kinds=error.kinds, values=values)
    return await _address_page(visit, kept=kept)


def _typed(form: dict[str, str]) -> dict[str, str]:
    """The address as it was typed; a country's letters may be small."""
    typed = {name: form.get(name, "").strip() for name in _FIELDS}
    if typed["country"].isascii():
        typed["country"] = typed["country"].upper()
    return {name: text for name, text in typed.items() if text}


async def _address_page(visit: Visit, status: int = 200, **values: Any) -> web.Response:
    def read(connection: Connection) -> dict[str, Any]:
        row = services.find_user(connection, visit.session.org_id, visit.part("id"))
        return {"user": services.user_answer(row), "billed": services.has_billing_address(connection, row.id)}

    given = {"kinds": {}, "values": {}, "kept": None, **values}
    return visit.show("billing_address.html", status, **await visit.context.read(read), **given)


async def remove_address(visit: Visit) -> web.StreamResponse:
    """Forget the address."""
    user_id = visit.part("id")
    await services.remove_billing_address(visit.context, visit.session.actor, visit.session.org_id, user_id)
    return redirect(f"/users/{user_id}/billing-address")


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [
        page(hdrs.METH_GET, "/users", show_users),
        page(hdrs.METH_GET, "/users/{id}/billing-address", show_address),
        page(hdrs.METH_POST, "/users/{id}/billing-address", set_address),
        page(hdrs.METH_POST, "/users/{id}/billing-address/remove", remove_address),
    ]
