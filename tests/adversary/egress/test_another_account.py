"""The page names a merchant account that is not the shop's: at the same processor, another way to it, or another processor."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.egress.account_file import FILE, editing
from broker.egress.accounts import Accounts
from broker.egress.armed import ArmedRelease
from broker.egress.authorise import Authorised, Authoriser
from broker.egress.refusal import RefusedError
from broker.egress.registry import Registry
from broker.egress.taught import write_taught
from broker.protocol.egress import EgressOutcome, Send
from broker.protocol.processors import FORM, JSON, TaughtEndpoint
from tests.unit.egress.merchant import answering
from tests.unit.egress.stand import FORM_BODY, Stand
from tests.unit.egress.values import SHOP, STAND_IN, SURROGATE, credentials, decision, taught, taught_as

STRIPE, BRAINTREE, CHECKOUT = "https://js.stripe.com", "https://assets.braintreegateway.com", "https://js.checkout.com"
CARD = FORM_BODY.decode()
CONFIRMED = CARD.replace("card%5B", "payment_method_data%5Bcard%5D%5B")
TOKENIZE = {
    "query": "mutation T($input: TokenizeCreditCardInput!) { tokenizeCreditCard(input: $input) { token } }",
    "variables": {"input": {"creditCard": {"number": SURROGATE}}},
}
CHANGED, MISMATCH = EgressOutcome.ACCOUNT_CHANGED, EgressOutcome.FIELD_MISMATCH


@dataclass
class Judge:
    """What judges requests, with the entries that we ship: no sandbox, no network."""

    folder: Path

    def __post_init__(self) -> None:
        self.authoriser = Authoriser(Registry(self.folder, sandbox=False), Accounts(self.folder, b"k" * 32), sandbox=False)

    def judge(
        self, frames: tuple[str, ...], frame: str, url: str, body: str, *headers: tuple[str, str], content_type: str = FORM
    ) -> Authorised:
        agreed = decision(b"k" * 32, 1, frames=frames)
        release = ArmedRelease.of(agreed, 2, STAND_IN, self, credentials())
        return self.authoriser.authorise(
            Send(
                request_id="r", release_id="rel_1", url=url, method="POST", headers=(("Content-Type", content_type), *headers),
                body=b64u(body.encode()), top_origin=SHOP, frame_origin=frame, resource_type="fetch",
            ),
            release,
        )  # fmt: skip

    def stripe(self, path: str, body: str, frame: str = STRIPE, frames: tuple[str, ...] = (STRIPE,)) -> Authorised:
        return self.judge(frames, frame, f"https://api.stripe.com/v1/{path}", body)

    def braintree(self, authorization: str, frames: tuple[str, ...] = (BRAINTREE,)) -> Authorised:
        url, bearer = "https://payments.braintree-api.com/graphql", ("Authorization", f"Bearer {authorization}")
        return self.judge(frames, BRAINTREE, url, json.dumps(TOKENIZE), bearer, content_type=JSON)

    def paid(self, authorised: Authorised) -> None:
        """The merchant answered well."""
        self.authoriser.remember(SHOP, authorised)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)


def outcome(judged: pytest.ExceptionInfo[RefusedError]) -> EgressOutcome:
    return judged.value.outcome


async def test_another_account_at_the_same_processor_is_refused_once_the_shop_has_one(stand: Stand) -> None:
    first = await stand.paid()
    assert first.end.account_first_seen
    assert not (await stand.paid()).end.account_first_seen
    answered = await stand.send(await stand.arm(), stand.merchant.url("form-pay.localhost", "/pay/acct_evil"))
    assert (answered.outcome, answered.end.entry) == (CHANGED, "taught-form")
    assert len(stand.merchant.received) == 2


async def test_an_account_named_in_a_header_or_a_field_is_compared_too(stand: Stand) -> None:
    fields = ({"where": "field", "name": "key"},)
    write_taught(stand.settings.folder, (taught_as("json"), taught_as("form", path="/pay", accounts=fields)))
    hosted = stand.merchant.url("form-pay.localhost", "/pay")
    await stand.paid(hosted, FORM_BODY + b"&key=pk_1")
    for body in (b"&key=pk_2", b"", b"&key=pk_1&key=pk_2"):
        assert (await stand.send(await stand.arm(), hosted, FORM_BODY + body)).outcome is CHANGED
    body = json.dumps({"card": {"number": SURROGATE}}).encode()
    tokens = stand.merchant.url("json-pay.localhost", "/v1/tokens")
    headers = (("Content-Type", "application/json"), ("Authorization", "Bearer pk_1"))
    await stand.paid(tokens, body, headers=headers)
    headers = (("Content-Type", "application/json"), ("Authorization", "Bearer pk_2"))
    assert (await stand.send(await stand.arm(), tokens, body, headers=headers)).outcome is CHANGED


async def test_an_account_is_not_remembered_from_a_payment_that_failed(stand: Stand) -> None:
    stand.merchant.answer = answering(b"no", status="401 Unauthorized")
    assert (await stand.paid()).end.account_first_seen
    stand.merchant.answer = answering(b"yes")
    assert (await stand.paid(stand.merchant.url("form-pay.localhost", "/pay/acct_2"))).end.account_first_seen


async def test_a_first_party_shops_page_pays_at_no_processor(stand: Stand) -> None:
    """What an approval of a shop that charges itself was worth at any processor of the registry, if its page said so."""
    shop = stand.merchant.url("shop.localhost", "")
    for host, path in (("hosted-pay.localhost", "/v1/payment_methods"), ("form-pay.localhost", "/pay/acct_1")):
        body = FORM_BODY + b"&key=pk_1"
        answered = await stand.send(await stand.arm(origin=shop), stand.merchant.url(host, path), body, top_origin=shop, frame_origin=shop)
        assert answered.outcome is EgressOutcome.NOT_REGISTERED
    assert stand.merchant.received == []


async def test_a_first_party_shops_page_that_shows_a_processors_frame_pays_no_account_of_it(stand: Stand) -> None:
    shop, frame = stand.merchant.url("shop.localhost", ""), "https://hosted-fields.localhost"
    url, body = stand.merchant.url("hosted-pay.localhost", "/v1/payment_methods"), FORM_BODY + b"&key=pk_1"
    answered = await stand.send(await stand.arm(origin=shop, frames=(frame,)), url, body, top_origin=shop, frame_origin=frame)
    assert answered.outcome is CHANGED
    assert stand.merchant.received == []


def test_another_path_of_the_same_processor_is_no_way_around_its_account(judge: Judge) -> None:
    judge.paid(judge.stripe("payment_methods", CARD + "&key=pk_shop"))
    for path, body in (("tokens", CARD), ("payment_intents/pi_thief/confirm", CONFIRMED), ("payment_methods", CARD)):
        with pytest.raises(RefusedError) as refused:
            judge.stripe(path, body + "&key=pk_thief")
        assert outcome(refused) is CHANGED
        assert not judge.stripe(path, body + "&key=pk_shop").account_first_seen


@pytest.mark.parametrize("rest", ["&_stripe_account=acct_thief", "&key=pk_thief", "&%6bey=pk_thief"])
def test_a_second_name_beside_the_shops_own_is_another_account(judge: Judge, rest: str) -> None:
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop"))
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_shop" + rest)
    assert outcome(refused) is CHANGED


OTHER_SPELLINGS = {
    "another case": "&Key=pk_thief",
    "a list": "&key[]=pk_thief",
    "a list with its place": "&key%5B%5D=pk_thief",
    "a blank before it": "&+key=pk_thief",
    "many blanks before it": f"&{'%20' * 2_000}key=pk_thief",
    "a zero byte after it": "&key%00x=pk_thief",
    "a zero byte and much after it": f"&key%00{'x' * 2_000}=pk_thief",
    "a backslash": "&k%5Cey=pk_thief",
    "a bracket": "&key%5B=pk_thief",
}


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS)
def test_the_name_of_the_account_in_a_spelling_that_some_server_takes_for_it(judge: Judge, spelling: str) -> None:
    rest = OTHER_SPELLINGS[spelling]
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_shop" + rest)
    assert outcome(refused) is MISMATCH, "two accounts, so neither is taken as the first"
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop&monkey=1&key2=1"))
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_shop" + rest)
    assert outcome(refused) is CHANGED


@pytest.mark.parametrize("rest", ["&x=1;key=pk_thief", ";key=pk_thief", "&%u006bey=pk_thief"])
def test_a_form_in_which_some_server_reads_one_more_field(judge: Judge, rest: str) -> None:
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_shop" + rest)
    assert outcome(refused) is EgressOutcome.BODY_NOT_READABLE
    assert judge.stripe("tokens", CARD + "&key=pk_shop&agent=x/1;+y").account == judge.stripe("tokens", CARD + "&key=pk_shop").account


@pytest.mark.parametrize("rest", ["", "&key=pk_shop&key=pk_thief"])
def test_a_first_payment_that_names_no_account_or_two_is_not_as_registered(judge: Judge, rest: str) -> None:
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + rest)
    assert outcome(refused) is MISMATCH


def test_the_page_itself_does_not_send_what_a_processors_frames_send(judge: Judge) -> None:
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_thief", frame=SHOP)
    assert outcome(refused) is EgressOutcome.ORIGIN_MISMATCH
    assert judge.stripe("tokens", CARD + "&key=pk_shop").account_first_seen


@pytest.mark.parametrize("frame", ["https://js.stripe.com:8443", "http://js.stripe.com", "https://js.stripe.com.thief.example"])
def test_a_frame_of_another_server_is_not_the_processors(judge: Judge, frame: str) -> None:
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_thief", frame=frame, frames=(frame,))
    assert outcome(refused) is EgressOutcome.NOT_REGISTERED


def test_a_processor_whose_frames_were_not_approved_gets_nothing(judge: Judge) -> None:
    with pytest.raises(RefusedError) as refused:
        judge.braintree("thief", frames=(STRIPE,))
    assert outcome(refused) is EgressOutcome.NOT_REGISTERED


def test_another_processor_that_the_page_shows_waits_for_a_person(judge: Judge) -> None:
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop"))
    with pytest.raises(RefusedError) as refused:
        judge.braintree("production_thief_thief", frames=(STRIPE, BRAINTREE))
    assert (outcome(refused), refused.value.entry) == (CHANGED, "braintree-graphql")
    with editing(judge.folder) as shops:
        shops[SHOP]["braintree"] = None
    judge.paid(judge.braintree("production_shop_shop", frames=(STRIPE, BRAINTREE)))
    with pytest.raises(RefusedError) as refused:
        judge.braintree("production_thief_thief", frames=(STRIPE, BRAINTREE))
    assert outcome(refused) is CHANGED
    for _ in range(2):  # the shop offers both from now on
        assert not judge.stripe("tokens", CARD + "&key=pk_shop").account_first_seen
        assert not judge.braintree("production_shop_shop").account_first_seen


def test_the_first_account_of_a_shop_is_taken_on_trust(judge: Judge) -> None:
    """The hole that README and THREAT_MODEL.md state: nobody can tell a thief's account from the shop's before there was one."""
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_thief"))
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_shop")
    assert outcome(refused) is CHANGED


def test_of_two_first_payments_at_once_the_account_that_was_answered_first_stands(judge: Judge) -> None:
    shop, thief = (judge.stripe("tokens", f"{CARD}&key=pk_{who}") for who in ("shop", "thief"))
    judge.paid(shop)
    judge.paid(thief)
    with pytest.raises(RefusedError) as refused:
        judge.stripe("tokens", CARD + "&key=pk_thief")
    assert outcome(refused) is CHANGED


def signed(**claims: object) -> str:
    """A token as Braintree gives one to each session; nobody here checks its signature, which Braintree does."""
    return ".".join(b64u(json.dumps(part).encode()) for part in ({"alg": "ES256"}, claims, "signature"))


def test_a_token_that_changes_per_session_stands_for_the_merchant_it_names(judge: Judge) -> None:
    judge.paid(judge.braintree(signed(sub="shop", jti="1")))
    assert not judge.braintree(signed(sub="shop", jti="2")).account_first_seen
    assert not judge.braintree(signed(sub="shop", jti="3") + "?customer_id=").account_first_seen
    for other in (signed(sub="thief", jti="2"), "/sub shop", "production_key_shop"):
        with pytest.raises(RefusedError) as refused:
            judge.braintree(other)
        assert outcome(refused) is CHANGED


@pytest.mark.parametrize(
    "odd",
    [
        signed(jti="1"), signed(sub=1), signed(sub=""), signed(sub=["shop"]), "a.b.c", "a.!.c",
        signed(sub="shop") + "." + signed(sub="thief"), signed(sub="shop") + "?" + signed(sub="thief"), "x" * 9_000,
    ],
)  # fmt: skip
def test_a_token_that_is_not_plainly_one_stands_for_itself_alone(judge: Judge, odd: str) -> None:
    judge.paid(judge.braintree(signed(sub="shop")))
    with pytest.raises(RefusedError) as refused:
        judge.braintree(odd)
    assert outcome(refused) is CHANGED


def at_stripe(**changes: object) -> TaughtEndpoint:
    return TaughtEndpoint.model_validate(taught("api.stripe.com").wire() | {"path": "/v1/sources", **changes})


def test_what_was_taught_at_a_known_processor_names_the_account_where_that_one_does(judge: Judge) -> None:
    write_taught(judge.folder, (at_stripe(),))
    judge.paid(judge.stripe("sources", CARD + "&key=pk_shop", frame=SHOP))
    for path, frame in (("sources", SHOP), ("tokens", STRIPE)):
        with pytest.raises(RefusedError) as refused:
            judge.stripe(path, CARD + "&key=pk_thief", frame=frame)
        assert outcome(refused) is CHANGED


@pytest.mark.parametrize("rest", ["&_stripe_account=acct_thief", "&key=pk_thief", "&key=pk_shop"])
def test_what_was_taught_at_a_known_processor_names_no_account_where_the_lesson_had_none(judge: Judge, rest: str) -> None:
    pinned = {"where": "field", "name": "merchant", "value": "shop"}
    write_taught(judge.folder, (at_stripe(accounts=(pinned,)),))
    judge.stripe("sources", CARD + "&merchant=shop", frame=SHOP)
    with pytest.raises(RefusedError) as refused:
        judge.stripe("sources", CARD + "&merchant=shop" + rest, frame=SHOP)
    assert outcome(refused) is CHANGED


def test_an_entry_that_can_name_no_account_is_no_way_around_the_remembered_one(judge: Judge) -> None:
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop"))
    write_taught(judge.folder, (at_stripe(contentType=JSON, fields={"number": "/n"}),))
    with pytest.raises(RefusedError) as refused:
        judge.judge((STRIPE,), SHOP, "https://api.stripe.com/v1/sources", json.dumps({"n": SURROGATE}), content_type=JSON)
    assert outcome(refused) is CHANGED


async def test_what_a_person_changed_counts_at_the_next_request(stand: Stand) -> None:
    await stand.paid()
    thief = stand.merchant.url("form-pay.localhost", "/pay/acct_2")
    assert (await stand.send(await stand.arm(), thief)).outcome is CHANGED
    with editing(stand.settings.folder) as shops:
        assert list(shops[SHOP]) == ["form-pay.localhost"]
        del shops[SHOP]
    assert (await stand.paid(thief)).end.account_first_seen


def test_what_was_remembered_by_entry_stands_for_the_entrys_processor(judge: Judge) -> None:
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop"))
    (kept,) = json.loads((judge.folder / FILE).read_text())[SHOP].values()
    (judge.folder / FILE).write_text(json.dumps({f"{SHOP} stripe-payment-methods": kept, f"{SHOP} gone": kept}))
    for path in ("tokens", "payment_methods"):
        assert not judge.stripe(path, CARD + "&key=pk_shop").account_first_seen
        with pytest.raises(RefusedError) as refused:
            judge.stripe(path, CARD + "&key=pk_thief")
        assert outcome(refused) is CHANGED


@pytest.mark.parametrize("spoil", [lambda file: file.chmod(0o666), lambda file: file.write_text("[]")])
def test_a_file_that_others_may_have_written_judges_nothing(judge: Judge, spoil) -> None:
    judge.paid(judge.stripe("tokens", CARD + "&key=pk_shop"))
    (judge.folder / FILE).unlink()
    (judge.folder / FILE).write_text("{}")
    spoil(judge.folder / FILE)
    with pytest.raises(LedgerError, match=r"writable by others|is damaged"):
        judge.stripe("tokens", CARD + "&key=pk_shop")
    with pytest.raises(LedgerError):
        Accounts(judge.folder, b"k" * 32)
