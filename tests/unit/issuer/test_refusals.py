"""PROTOCOL.md's table of a redeem's refusals is held to the code: what can be refused is in it, and nothing else."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.core.errors import LedgerError
from broker.issuer import redeem
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.details.rules import blocked_reason
from broker.issuer.intents.services import intent_refusal
from broker.issuer.surrogates.services import draw

ROOT = Path(__file__).resolve().parents[3]
OTHER_CALLS = {"introspection", "intent_introspection", "outcomes", "receipts"}
"""What of the room is no part of a redeem: other calls of the protocol, with refusals of their own."""


def table() -> set[tuple[int, str]]:
    """Status and code of every row."""
    text = (ROOT / "broker/protocol/PROTOCOL.md").read_text().split("### Redeem, refusals")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    return {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}


def written(source: str) -> Iterator[tuple[int, str]]:
    """Status and code of every error that a piece of code makes; they must be readable there, or be the one constant."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == LedgerError.__name__):
            continue
        match node.args:
            case [ast.Constant(value=int(status)), ast.Constant(value=str(code)), *_]:
                yield status, code
            case [ast.Starred(value=ast.Name(id="NOT_ENROLLED"))]:
                yield NOT_ENROLLED[0], NOT_ENROLLED[1]
            case _:
                raise AssertionError(f"a refusal whose code cannot be read: {ast.unparse(node)}")


def refusals() -> set[tuple[int, str]]:
    """All that a redeem may refuse with."""
    modules = [path for path in Path(redeem.__path__[0]).glob("*.py") if path.stem not in OTHER_CALLS]
    assert len(modules) > 10
    found = {refusal for path in modules for refusal in written(path.read_text())} | set(written(inspect.getsource(draw)))
    words = itertools.product(("approved", "pending"), ("active", "suspended"), ("active", "frozen", "closed", "notActivated"))
    blocked = [blocked_reason(*states) for states in words]
    closed = [intent_refusal(status) for status in ("pending", "expired", "canceled", "rejected", "matched", "mismatched")]
    return found | {(error.status, error.code) for error in (*blocked, *closed) if error is not None}


def test_the_protocols_table_has_every_refusal_of_a_redeem_and_no_other() -> None:
    assert table() == refusals()


def test_a_refusal_that_is_not_in_the_table_would_be_found() -> None:
    made = "def f():\n    return LedgerError(403, 'new_reason', 'x', 'y') or LedgerError(*NOT_ENROLLED)"
    assert set(written(made)) == {(403, "new_reason"), (403, "broker_not_enrolled")}
    for hidden in ("LedgerError(403, code, 'x', 'y')", "LedgerError(*_NOT_FOUND)"):
        with pytest.raises(AssertionError, match="cannot be read"):
            list(written(hidden))
