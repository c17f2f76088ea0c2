"""Where nothing may be taught, and why."""

from __future__ import annotations

import pytest

from broker.core.errors import LedgerError
from broker.teach.gate import require_address


@pytest.mark.parametrize("url", ["https://shop.example/checkout", "https://127.0.0.1:8443/"])
def test_a_shop_is_https(url: str) -> None:
    require_address(url, sandbox=False)


@pytest.mark.parametrize("url", ["http://localhost:8080/", "http://shop.localhost/", "http://127.0.0.1/"])
def test_this_machine_may_be_without_in_the_sandbox_alone(url: str) -> None:
    require_address(url, sandbox=True)
    with pytest.raises(LedgerError, match="not https"):
        require_address(url, sandbox=False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com", "not https"),
        ("http://localhost.evil.example", "not https"),
        ("shop.example", "no|not a web address"),
        ("https://a@b.example", "not a web address"),
        ("javascript:alert(1)", "not a web address"),
    ],
)
def test_other_addresses_are_refused_at_once(url: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        require_address(url, sandbox=True)
