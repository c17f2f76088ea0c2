"""Lists: ``?limit=`` and ``?cursor=``, newest first; ids sort by time, so a cursor is the last id seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import Row, Select, Table

from broker.core.errors import LedgerError
from broker.issuer.context import Context

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_ID = re.compile(r"[a-z]{2,12}_[A-Za-z0-9]{1,64}")


def limit_of(request: web.Request) -> int:
    """``?limit=``: 1 to 100, 20 when absent."""
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise LedgerError(400, "invalid_request", f"limit: must be a number from 1 to {MAX_LIMIT}", "Leave it out for 20.")
    return int(text)


async def listed(
    context: Context, request: web.Request, query: Select[Any], table: Table, shown: Callable[[Row[Any]], dict[str, Any]]
) -> dict[str, Any]:
    """One page of `query` over `table`: ``{"data", "hasMore", "cursor"}``."""
    limit = limit_of(request)
    cursor = request.query.get("cursor")
    if cursor is not None:
        if not _ID.fullmatch(cursor):
            raise LedgerError(400, "invalid_request", "cursor: not one that LedgerOS gave", "Take `cursor` from the previous page.")
        query = query.where(table.c.id < cursor)
    query = query.order_by(table.c.id.desc()).limit(limit + 1)
    rows = await context.read(lambda c: c.execute(query).all())
    page = rows[:limit]
    more = len(rows) > limit
    return {"data": [shown(row) for row in page], "hasMore": more, "cursor": page[-1].id if more else None}
