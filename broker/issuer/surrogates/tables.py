"""Reservations of stand-ins. The number is not secret; its security code is nowhere, for nobody asks for it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from broker.issuer.metadata import METADATA

surrogates = Table(
    "surrogates",
    METADATA,
    Column("access_event_id", ForeignKey("access_events.id"), primary_key=True),  # one for each token spent in surrogate mode
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("card_id", ForeignKey("cards.id"), nullable=False),
    Column("release_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("reserved_at", Integer, nullable=False),
    Column("ends_at", Integer, nullable=False),  # from then on another release may draw the number
)
Index("surrogates_number", surrogates.c.number, surrogates.c.reserved_at)
Index("surrogates_end", surrogates.c.ends_at)
