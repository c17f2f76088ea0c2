"""What holds after every step, whoever did what: the database says what the log says, and nobody got more than was approved."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import Connection, select

from broker.core.money import tolerance
from broker.issuer.details.tables import access_events
from broker.issuer.events.tables import events
from broker.issuer.grants.tables import grants
from broker.issuer.intents.tables import intents
from broker.issuer.redeem.tables import decisions
from broker.issuer.surrogates.tables import surrogates
from broker.issuer.transactions.tables import transactions, windows
from broker.tlog import entries
from tests.adversary.interleavings.told import Told

APPROVED = 5_000
"""What every purchase of the walk is for, in cents."""
_TABLES: dict[str, Any] = {
    "tokens": access_events, "intents": intents, "windows": windows, "decisions": decisions, "transactions": transactions,
    "grants": grants, "surrogates": surrogates,
}  # fmt: skip


class Laws:
    """The laws of one LedgerOS; `read` it after a step, then ask each."""

    def __init__(self) -> None:
        self.told = Told()
        self.rows: dict[str, list[Any]] = {}

    def read(self, connection: Connection) -> None:
        """See what is in the database now, and what the log says since."""
        self.told.read(entries(connection, events, self.told.head[0]))
        self.rows = {name: list(connection.execute(select(table)).all()) for name, table in _TABLES.items()}

    def obey(self, now: int) -> None:
        """All of them, at `now` (Unix ms)."""
        self.every_state_is_what_its_events_made_it()
        self.every_window_has_its_decision()
        self.a_charge_lies_in_its_window_and_alone()
        self.what_is_counted_is_what_was_decided()
        self.no_two_running_releases_share_a_stand_in(now)

    def every_state_is_what_its_events_made_it(self) -> None:
        """Tokens, intents and windows: no change without its event, no event without its change."""
        assert {row.id: row.status for row in self.rows["tokens"]} == self.told.tokens
        assert {row.id: row.status for row in self.rows["intents"]} == self.told.intents
        assert {row.id: _state(row) for row in self.rows["windows"]} == self.told.windows
        assert sorted(row.id for row in self.rows["transactions"]) == sorted(self.told.charges)

    def every_window_has_its_decision(self) -> None:
        """One window a spent token; one decision a release, which counts its tokens, three at most and only on an intent."""
        kept = self.rows["decisions"]
        assert {row.release_id for row in kept} == set(self.told.decided)
        assert sum(row.redeems for row in kept) == len(self.rows["windows"]) == list(self.told.tokens.values()).count("consumed")
        assert Counter(self.told.release_of.values()) == {row.release_id: row.redeems for row in kept}
        assert all(row.redeems <= (1 if row.intent_id is None else 3) for row in kept)
        opened = Counter(self.told.release_of[window] for window, state in self.told.windows.items() if state == "open")
        assert max(opened.values(), default=1) == 1, "one window of a release is open at a time"

    def a_charge_lies_in_its_window_and_alone(self) -> None:
        """One charge a release, in its window; what comes after is a subscription's, at its site and no higher."""
        opened = {row.id: row for row in self.rows["windows"]}
        approved = {row.id: row for row in self.rows["transactions"] if row.status != "declined"}
        paid = Counter(self.told.release_of[row.window_id] for row in approved.values() if row.window_id is not None)
        assert max(paid.values(), default=1) == 1
        for row in approved.values():
            first = row if row.window_id is not None else approved[row.previous_transaction_id]
            window = opened[first.window_id]
            assert (row.card_id, row.currency) == (window.card_id, window.currency)
            assert row.amount <= window.max_amount <= APPROVED + tolerance(APPROVED, 200)
            self._is_at_its_site(row, window)
            if row is first:
                assert window.opened_at <= row.created_at < window.expires_at
                assert window.consumed_at == row.created_at
            else:
                assert self.told.decided[self.told.release_of[window.id]]["paymentReason"] == "subscription"
                assert row.amount <= first.amount + tolerance(first.amount, 200)

    def _is_at_its_site(self, row: Any, window: Any) -> None:
        named = json.loads(row.merchant).get("origin")
        assert named == window.origin or (named is None and row.id in self.told.on_relaxed)

    def what_is_counted_is_what_was_decided(self) -> None:
        """A rule's uses are the releases that it decided, and none of those is a subscription."""
        assert {row.id: row.used_total for row in self.rows["grants"]} == {row.id: self.told.uses[row.id] for row in self.rows["grants"]}
        ruled = [facts["paymentReason"] for facts in self.told.decided.values() if "grant" in facts]
        assert "subscription" not in ruled

    def no_two_running_releases_share_a_stand_in(self, now: int) -> None:
        """And each has one of its own."""
        held = [row.number for row in self.rows["surrogates"] if row.ends_at > now]
        assert len(held) == len(set(held))


def _state(window: Any) -> str:
    assert window.consumed_at is None or window.closed_at is None
    return "used" if window.consumed_at is not None else "closed" if window.closed_at is not None else "open"
