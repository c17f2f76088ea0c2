"""Nothing that looks like a card number or a secret leaves the MCP server, wherever it stands."""

from __future__ import annotations

import pytest

from broker.mcp.outgoing import harmless

TOKEN = "tok_" + "T" * 43
NUMBER = "4242424242424242"


@pytest.mark.parametrize("secret", [TOKEN, NUMBER, "4242 4242 4242 4242", "at_test_" + "a" * 43, "bt_" + "b" * 43])
def test_a_secret_goes_at_any_depth(secret: str) -> None:
    answer = harmless({"cards": [{"purpose": f"for {secret}!"}], secret: secret, "amount": 4_990, "none": None})
    assert secret not in repr(answer)
    assert answer["amount"] == 4_990
    assert answer["none"] is None


def test_ids_and_last_digits_stay() -> None:
    said = {
        "card": "card_0123456789abcdef01234567",
        "last4": "4242",
        "releaseId": "rel_0123456789abcdef01234567",
        "payment": "pay_0123456789abcdef",
    }
    assert harmless(said) == said
