"""What a redeem's query says is left is what the limits leave when they are asked one by one."""

from __future__ import annotations

import sqlite3
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from broker.core.clock import DAY_MS
from broker.issuer.agents.models import Frequency
from broker.issuer.transactions.spend import REMAINING, LimitSet, ceilings, periods

NOW = 1_795_000_000_000
LIMIT = st.none() | st.integers(0, 500)
LIMITS = st.builds(LimitSet, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, st.sampled_from(get_args(Frequency)), st.integers(0, 900))
MOMENTS = st.sampled_from([0, NOW, *(start + by for start in periods(NOW) for by in (-1, 0, 1)), NOW - 40 * DAY_MS])
CHARGES = st.lists(
    st.tuples(
        st.sampled_from([("card_1", "agent_1", "user_1"), ("card_2", "agent_1", "user_1"), ("card_3", "agent_2", "user_1")]),
        st.integers(0, 200),
        st.sampled_from(["pending", "completed", "declined", "reversed"]),
        MOMENTS,
    ),
    max_size=12,
)  # fmt: skip
TABLES = """
CREATE TABLE transactions (card_id, agent_id, user_id, amount, status, created_at);
CREATE TABLE cards (id, agent_id, user_id, max_amount, per_auth, per_day, per_month);
CREATE TABLE agents (id, spending_limit, spending_limit_frequency);
CREATE TABLE users (id, credit_limit);
"""


@given(limits=LIMITS, charges=CHARGES)
def test_the_least_of_all_limits_is_what_remains(limits: LimitSet, charges: list[tuple[tuple[str, str, str], int, str, int]]) -> None:
    raw = sqlite3.connect(":memory:")
    raw.executescript(TABLES)
    raw.executemany("INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)", [(*whose, *rest) for whose, *rest in charges])
    raw.execute("INSERT INTO cards VALUES ('card_1', 'agent_1', 'user_1', ?, ?, ?, ?)", limits[:4])
    raw.execute("INSERT INTO agents VALUES ('agent_1', ?, ?)", (limits.agent_limit, limits.agent_frequency))
    raw.execute("INSERT INTO users VALUES ('user_1', ?)", (limits.credit_limit,))
    query = f"SELECT {REMAINING} FROM cards c JOIN agents a ON a.id = c.agent_id JOIN users u ON u.id = c.user_id"
    [(remaining,)] = raw.execute(query, periods(NOW)).fetchall()
    assert remaining == min(ceilings(raw, "card_1", "agent_1", "user_1", limits, NOW).values())
    raw.close()
