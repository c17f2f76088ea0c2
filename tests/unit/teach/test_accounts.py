"""What names the merchant's account or what is done is pinned, what belongs to one visit is not, and what nobody knows is pinned too."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broker.core.canonical import b64u
from broker.egress.accounts import Accounts
from broker.egress.authorise import Authoriser
from broker.egress.refusal import RefusedError
from broker.egress.registry import Registry
from broker.egress.taught import write_taught
from broker.protocol.egress import EgressOutcome, Send
from broker.protocol.processors import TaughtEndpoint
from broker.teach.parts import Part, Sort, sort_of
from broker.teach.watching import Seen
from tests.unit.teach.requests import JSON, SHOP, STAND_IN, seen
from tests.unit.teach.test_learning import learned

NOW = 1_800_000_000_000
CARD = f"number={STAND_IN.number}&cvc=737"


def jwt(**claims: object) -> str:
    return ".".join(b64u(json.dumps(part).encode()) for part in ({"alg": "ES256"}, claims, "signature"))


SORTS: list[tuple[Part, Sort | None]] = [
    (Part("header", "authorization", "Bearer pk_live_51H"), "account"),
    (Part("header", "authorization", "Basic cGtfbGl2ZTo="), "account"),
    (Part("header", "authorization", f"Bearer {jwt(exp=NOW // 1000 + 900)}"), "visit"),
    (Part("header", "authorization", f"Bearer {jwt(iss='shop')}"), "unclear"),
    (Part("header", "authorization", "Bearer 6f1e9c"), "unclear"),
    (Part("header", "x-api-key", "a1b2c3d4"), "account"),
    (Part("header", "x-merchant-id", "88123"), "account"),
    (Part("header", "stripe-account", "acct_1"), "account"),
    (Part("header", "x-public-key", jwt(exp=NOW // 1000 + 10 * 365 * 86_400)), "account"),
    (Part("header", "x-store", "1"), "unclear"),
    (Part("header", "idempotency-key", "8a0c"), "visit"),
    (Part("header", "x-csrf-token", "8a0c"), "visit"),
    (Part("header", "x-request-signature", "8a0c"), "visit"),
    (Part("header", "x-session-id", "8a0c"), "visit"),
    (Part("header", "x-auth-token", "8a0c"), "unclear"),
    (Part("header", "x-api-version", "2024-01-01"), None),
    (Part("header", "x-requested-with", "XMLHttpRequest"), None),
    (Part("query", "public_key", "APP_USR-1"), "account"),
    (Part("query", "clientKey", "test_ABC"), "account"),
    (Part("query", "merchantOrderId", "17"), "unclear"),
    (Part("query", "client_secret", "pi_1_secret_2"), "visit"),
    (Part("query", "locale", "de"), None),
    (Part("field", "key", "pk_test_1"), "account"),
    (Part("field", "form_key", "h4sh"), "unclear"),
    (Part("field", "authenticity_token", "h4sh"), "visit"),
    (Part("field", "customer[token]", "h4sh"), "visit"),
    (Part("field", "card[name]", "Ada"), None),
    (Part("field", "/merchant/id", "88123"), "account"),
    (Part("field", "/payment/merchantAccount", "ShopCOM"), "account"),
    (Part("field", "/cart/id", "c-1"), "visit"),
    (Part("query", "route", "payment/send"), "operation"),
    (Part("query", "wc-ajax", "checkout"), "operation"),
    (Part("query", "payment_method", "card"), "visit"),
    (Part("field", "action", "pay"), "operation"),
    (Part("field", "/method", "card.pay"), "operation"),
    (Part("field", "payment[method]", "card"), None),
    (Part("field", "/shipping/method", "post"), None),
    (Part("field", "payment_method", "card"), "visit"),
    (Part("path", "1", "acct_paperandpine", beside="pay"), "account"),
    (Part("path", "1", "88123456", beside="merchants"), "account"),
    (Part("path", "1", "pi_3NqLk2Ab", beside="payment_intents"), "visit"),
    (Part("path", "1", "20391", beside="orders"), "visit"),
    (Part("path", "1", "ord_12ab34cd", beside="charge"), "visit"),
    (Part("path", "1", "0f8fad5b-d9cb-469f-a165-70867728950e", beside="pay"), "unclear"),
    (Part("path", "1", "20391", beside="charge"), "unclear"),
    (Part("path", "0", "v1"), None),
    (Part("path", "0", "charges"), None),
]


@pytest.mark.parametrize(("part", "sort"), SORTS, ids=[f"{part.where}-{part.name}-{part.value[:20]}" for part, _ in SORTS])
def test_names_and_values_tell_the_accounts_part_from_the_visits(part: Part, sort: Sort | None) -> None:
    assert sort_of(part, NOW) == sort


def test_what_is_unclear_is_asked_and_pinned_unless_the_person_says_that_it_differs() -> None:
    lesson = seen(CARD, url="https://pay.example/pay/20391", x_auth_token="8a0c")
    asked: list[Part] = []
    closed = learned(lesson, asked=asked)
    assert [(part.where, part.value) for part in asked] == [("path", "20391"), ("header", "8a0c")]
    assert [(account.where, account.name, account.value) for account in closed.accounts] == [
        ("path", "1", "20391"), ("header", "x-auth-token", "8a0c")
    ]  # fmt: skip
    opened = learned(lesson, varies=True)
    assert (opened.accounts, opened.path, opened.headers) == ((), "/pay/*", ("x-auth-token",))


def test_at_a_shop_that_takes_the_card_itself_the_person_says_what_stays() -> None:
    asked: list[Part] = []
    lesson = seen(CARD + "&shop_key=h4sh", url=f"{SHOP}/pay")
    assert learned(lesson, varies=True, asked=asked).accounts == ()
    assert [part.name for part in asked] == ["shop_key"]


# What is learned, at the egress -----------------------------------------------------------------

URL = "https://pay.example/v1/merchants/shop1234/tokens?key=pk_shop"


def request(account: str = "account=acct_shop", url: str = URL, x_api_key: str = "shop", **authorization: str) -> Seen:
    return seen(f"{CARD}&{account}", url=url, x_api_key=x_api_key, **({"authorization": "Bearer pk_s"} | authorization))


LESSON = request()


def authoriser(folder: Path, *entries: TaughtEndpoint) -> Authoriser:
    write_taught(folder, entries)
    return Authoriser(Registry(folder, sandbox=False), Accounts(folder, b"k" * 32), sandbox=False)


def paid(by: Seen, **changes: Any) -> Send:
    members: dict[str, Any] = {
        "request_id": "r", "release_id": "rel_1", "url": by.url, "method": "POST", "headers": tuple(by.headers.items()),
        "body": b64u(by.body), "top_origin": SHOP, "frame_origin": SHOP, "resource_type": "fetch",
    }  # fmt: skip
    return Send(**members | changes)


RELEASE: Any = SimpleNamespace(decision=SimpleNamespace(seen=SimpleNamespace(origin=SHOP, frame_origins=())), surrogate=STAND_IN)

THEFTS = {
    "header": request(x_api_key="thief"),
    "authorization": request(authorization="Bearer pk_thief"),
    "no authorization": seen(f"{CARD}&account=acct_shop", url=URL, x_api_key="shop"),
    "query": request(url=URL.replace("pk_shop", "pk_thief")),
    "no query": request(url=URL.partition("?")[0]),
    "path": request(url=URL.replace("shop1234", "thief999")),
    "field": request("account=acct_thief"),
    "field twice": request("account=acct_shop&account=acct_thief"),
    "field in another spelling": request("account=acct_shop&Account=acct_thief"),
    "field of the query's name": request("account=acct_shop&key=pk_thief"),
}


def test_what_was_shown_once_is_paid(tmp_path: Path) -> None:
    authorised = authoriser(tmp_path, learned(LESSON)).authorise(paid(LESSON), RELEASE)
    assert not authorised.account_first_seen, "nothing of the account is taken on trust"


@pytest.mark.parametrize("part", THEFTS)
def test_another_account_than_the_one_that_was_shown_gets_nothing(tmp_path: Path, part: str) -> None:
    with pytest.raises(RefusedError) as refused:
        authoriser(tmp_path, learned(LESSON)).authorise(paid(THEFTS[part]), RELEASE)
    assert refused.value.outcome is EgressOutcome.ACCOUNT_CHANGED


OTHERS = {
    "query": (seen(CARD, url=f"{SHOP}/index.php?route=pay/send"), seen(CARD, url=f"{SHOP}/index.php?route=account/save")),
    "no query": (seen(CARD, url=f"{SHOP}/?wc-ajax=checkout"), seen(CARD, url=f"{SHOP}/")),
    "field": (seen(CARD + "&action=pay", url=f"{SHOP}/ajax"), seen(CARD + "&action=save_draft", url=f"{SHOP}/ajax")),
    "two fields": (seen(CARD + "&action=pay", url=f"{SHOP}/ajax"), seen(CARD + "&action=pay&action=save_draft", url=f"{SHOP}/ajax")),
    "method": (seen(CARD, url=f"{SHOP}/orders/pay"), seen(CARD + "&_method=patch", url=f"{SHOP}/orders/pay")),
    "other method": (seen(CARD + "&_method=put", url=f"{SHOP}/orders"), seen(CARD + "&_method=patch", url=f"{SHOP}/orders")),
    "JSON-RPC": (
        seen(json.dumps({"method": "pay", "params": {"number": STAND_IN.number}}), JSON),
        seen(json.dumps({"method": "note.save", "params": {"number": STAND_IN.number}}), JSON),
    ),
}


@pytest.mark.parametrize("where", OTHERS)
def test_something_else_at_the_address_that_was_shown_gets_nothing(tmp_path: Path, where: str) -> None:
    lesson, other = OTHERS[where]
    judge = authoriser(tmp_path, learned(lesson, varies=True))
    judge.authorise(paid(lesson), RELEASE)
    with pytest.raises(RefusedError) as refused:
        judge.authorise(paid(other), RELEASE)
    in_query = "query" in where
    assert refused.value.outcome is (EgressOutcome.NOT_REGISTERED if in_query else EgressOutcome.FIELD_MISMATCH)


def test_two_things_at_one_address_may_both_be_taught(tmp_path: Path) -> None:
    lessons = [seen(CARD, url=f"{SHOP}/index.php?route=pay/{how}") for how in ("send", "again")]
    judge = authoriser(tmp_path, *(learned(lesson) for lesson in lessons))
    for lesson in lessons:
        judge.authorise(paid(lesson), RELEASE)


def test_a_parameter_without_a_value_stays_without_one(tmp_path: Path) -> None:
    lesson = request(url=URL + "&store=")
    judge = authoriser(tmp_path, learned(lesson))
    judge.authorise(paid(lesson), RELEASE)
    with pytest.raises(RefusedError):
        judge.authorise(paid(request(url=URL + "&store=thief")), RELEASE)


@pytest.mark.parametrize("key", ["pk_shop", "pk%20shop"])
def test_the_same_account_in_query_and_field_is_one(tmp_path: Path, key: str) -> None:
    lesson = request(f"account=acct_shop&key={key}", URL.replace("pk_shop", key))
    authoriser(tmp_path, learned(lesson)).authorise(paid(lesson), RELEASE)


@pytest.mark.parametrize("member", ["MerchantId", "merchantid", "merchantId\0x"])
def test_a_second_member_that_some_server_takes_for_the_account(tmp_path: Path, member: str) -> None:
    body = {"merchantId": "shop1234", "number": STAND_IN.number}
    lesson = seen(json.dumps(body), JSON)
    judge = authoriser(tmp_path, learned(lesson))
    judge.authorise(paid(lesson), RELEASE)
    with pytest.raises(RefusedError) as refused:
        judge.authorise(paid(seen(json.dumps(body | {member: "thief"}), JSON)), RELEASE)
    assert refused.value.outcome is EgressOutcome.FIELD_MISMATCH


def test_a_parameter_behind_a_semicolon_is_one_more_to_some(tmp_path: Path) -> None:
    url = URL + "&locale=de"
    judge = authoriser(tmp_path, learned(request(url=url)))
    judge.authorise(paid(request(url=url)), RELEASE)
    with pytest.raises(RefusedError) as refused:
        judge.authorise(paid(request(url=url + ";key=pk_thief")), RELEASE)
    assert refused.value.outcome is EgressOutcome.NOT_REGISTERED


def test_credentials_that_nobody_saw_in_the_lesson_may_be_another_accounts(tmp_path: Path) -> None:
    lesson = seen(json.dumps({"key": "pk_shop", "number": STAND_IN.number}), JSON)
    judge = authoriser(tmp_path, learned(lesson))
    judge.authorise(paid(lesson), RELEASE)
    with pytest.raises(RefusedError) as refused:
        judge.authorise(paid(lesson, headers=(*lesson.headers.items(), ("Authorization", "Bearer pk_thief"))), RELEASE)
    assert refused.value.outcome is EgressOutcome.ACCOUNT_CHANGED


def test_credentials_of_one_visit_may_differ(tmp_path: Path) -> None:
    lesson = seen(CARD, authorization=f"Bearer {jwt(exp=NOW // 1000 + 900)}")
    judge = authoriser(tmp_path, learned(lesson))
    assert judge.authorise(paid(seen(CARD, authorization="Bearer another")), RELEASE).endpoint.accounts == ()


PAY = "mutation Pay($in: PayInput!) { pay(input: $in) { id } }"
GIVEN = {"card": {"number": STAND_IN.number, "cvc": "737"}, "merchantId": "shop1234"}
WRITTEN = 'mutation ($card: C!) {{ pay(input: {{ merchantId: "{}", card: $card }}) {{ id }} }}'


def asked(query: str, **variables: object) -> Seen:
    return seen(json.dumps({"query": query, "variables": variables}), JSON)


@pytest.mark.parametrize("lesson", [asked(PAY, **{"in": GIVEN}), asked(WRITTEN.format("shop1234"), card=GIVEN["card"])])
def test_the_account_that_a_mutation_is_given_counts_and_not_one_beside_it(tmp_path: Path, lesson: Seen) -> None:
    judge = authoriser(tmp_path, learned(lesson))
    for same in (asked(PAY, **{"in": GIVEN}), asked(WRITTEN.format("shop1234"), card=GIVEN["card"])):
        judge.authorise(paid(same), RELEASE)
    for theft in (
        asked(PAY, **{"in": GIVEN | {"merchantId": "thief"}}),
        asked(WRITTEN.format("thief"), card=GIVEN["card"], **{"in": GIVEN}),
        asked(WRITTEN.format("thief"), card=GIVEN["card"], input=GIVEN, variables={"in": GIVEN}),
    ):
        with pytest.raises(RefusedError) as refused:
            judge.authorise(paid(theft), RELEASE)
        assert refused.value.outcome is EgressOutcome.ACCOUNT_CHANGED
