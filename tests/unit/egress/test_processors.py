"""The registry: honest about where it knows from, strict about what matches."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome
from broker.protocol.processors import (
    EncryptingFrames,
    Endpoint,
    bundled_processors,
    entries_for_page,
    framed_by,
    host_matches,
    path_matches,
)  # fmt: skip
from tests.unit.egress.values import SHOP, taught


def entry(**changes: object) -> Endpoint:
    return Endpoint.model_validate({
        "id": "x", "name": "X", "host": "x.example", "path": "/pay", "contentType": "application/json", "fields": {"number": "/n"},
        "source": {"kind": "measured", "text": "a test"}, **changes,
    })  # fmt: skip


def test_every_entry_says_where_it_knows_from_and_claims_no_measurement_of_real_processors() -> None:
    for known in bundled_processors():
        assert known.sandbox_only is (known.source.kind == "measured")
        assert known.sandbox_only or "not measured here" in known.source.text


def test_every_entry_can_be_about_a_page_and_tells_the_accounts_of_many_shops_apart() -> None:
    for known in bundled_processors():
        if isinstance(known, Endpoint) and not known.first_party:
            assert known.frame_hosts
            assert known.accounts
            assert known.processor


def test_demo_entries_lead_to_this_machine_and_no_others_do() -> None:
    for known in bundled_processors():
        hosts = known.frame_hosts if isinstance(known, EncryptingFrames) else (known.host, *known.frame_hosts)
        assert all(host.endswith(".localhost") is known.sandbox_only for host in hosts)


@pytest.mark.parametrize(
    ("rule", "host", "matches"),
    [
        ("api.x.com", "api.x.com", True), ("api.x.com", "evil-api.x.com", False), ("api.x.com", "api.x.com.evil.com", False),
        ("*.x.com", "a.x.com", True), ("*.x.com", "a.b.x.com", False), ("*.x.com", "x.com", False), ("*.x.com", "evilx.com", False),
    ],
)  # fmt: skip
def test_a_host_is_exact_or_one_label_below(rule: str, host: str, matches: bool) -> None:
    assert host_matches(rule, host) is matches


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/v1/tokens", "/v1/tokens", True), ("/v1/tokens", "/v1/tokens/", False), ("/v1/tokens", "/v1/tokens/x", False),
        ("/v1/tokens", "/x/v1/tokens", False), ("/a/*/b", "/a/1/b", True), ("/a/*/b", "/a/1/2/b", False), ("/a/*/b", "/a//b", False),
        ("/a/*/b", "/a/../b", False), ("/a/*/b", "/a/%2e/b", False), ("/a/*/b", "/a/x;y/b", False),
    ],
)  # fmt: skip
def test_a_path_is_matched_segment_by_segment(rule: str, path: str, matches: bool) -> None:
    assert path_matches(rule, path) is matches


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "*.*.x.com"}, {"host": "*"}, {"host": "X.com"}, {"host": "x.com:1"}, {"path": "pay"}, {"path": "/a*"}, {"path": "/../a"},
        {"path": "/.*"}, {"fields": {"number": "n"}}, {"fields": {"number": ""}}, {"graphqlField": "a b"}, {"method": "GET"}, {"more": 1},
        {"contentType": "text/plain", "graphqlField": "x"}, {"contentType": "application/xml"},
    ],
)  # fmt: skip
def test_a_loose_entry_is_not_an_entry(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        entry(**changes)


def test_a_checkout_is_covered_by_its_frames_or_by_what_a_person_taught() -> None:
    entries = (*bundled_processors(), taught())
    stripe = entries_for_page(entries, "https://a.example", ("https://js.stripe.com",), sandbox=False)
    assert {known.name for known in stripe} == {"Stripe"}
    adyen = entries_for_page(entries, "https://a.example", ("https://checkoutshopper-live.adyen.com",), sandbox=False)
    assert [type(known) for known in adyen] == [EncryptingFrames]
    assert [known.id for known in entries_for_page(entries, SHOP, (), sandbox=False)] == ["taught-1"]
    assert entries_for_page(entries, "https://a.example", ("https://js.stripe.com.evil.example",), sandbox=False) == ()
    assert entries_for_page(entries, "https://shop.localhost", (), sandbox=False) == ()
    assert [known.id for known in entries_for_page(entries, "https://shop.localhost", (), sandbox=True)] == ["demo-first-party"]


def test_frames_of_a_processor_are_recognised_by_host() -> None:
    assert framed_by(entry(frameHosts=["js.x.example"]), "https://js.x.example")
    for other in ("https://x.example", "http://js.x.example", "https://js.x.example:8443"):
        assert not framed_by(entry(frameHosts=["js.x.example"]), other)
    assert framed_by(entry(frameHosts=["js.localhost"]), "https://js.localhost:8443"), "the sandbox's have any port"


def test_every_outcome_has_words_and_says_whether_the_card_may_have_been_charged() -> None:
    assert EGRESS_MEANINGS.keys() == set(EgressOutcome)
    for meaning in EGRESS_MEANINGS.values():
        assert meaning.sentence.endswith(".")
        assert meaning.next_step.endswith(".")
        # Whoever may have been charged must never have the request repeated by the browser.
        assert not (meaning.may_have_been_charged and meaning.browser == "continue")
