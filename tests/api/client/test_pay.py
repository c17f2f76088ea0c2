"""``pay``: the person decides first, the token comes after, and what came to nothing is tried once more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from broker.client import AgentError, BrokerClient, Configuration, LedgerOS, Outcome, Payment, Release, SyncLedgerOS, UnreachableError
from broker.pki.files import PkiFolder
from broker.protocol.channel import Offer, Withdrawn
from tests.api.broker.fake_browser import read_facts
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.broker.waiting import eventually
from tests.api.client.harness import Till

PAGE = ORIGIN + "/checkout"


async def pay(till: Till, **changes: object) -> Payment:
    wanted = {"page_url": PAGE, "card": "card_1", "amount": 5_000, "merchant": "Shop", "purpose": "Paper for the office", **changes}
    async with LedgerOS(till.configuration, settle_seconds=0) as ledgeros:
        return await ledgeros.pay(**wanted)  # type: ignore[arg-type]


async def test_a_payment_is_approved_first_and_filled(till: Till) -> None:
    browser = await till.approving_browser()
    payment = await pay(till)
    await browser
    assert (payment.code, payment.filled, payment.last4) == (Outcome.FILLED, True, "7897")
    assert set(payment.fields) == {"number", "expiry", "securityCode"}
    assert payment.release_id is not None
    (intent,) = till.ledger.intents.values()
    assert (intent["expectedAmount"], intent["expectedMerchant"], intent["summary"]) == (5_000, "Shop", "Paper for the office")
    assert till.ledger.details[0]["intentId"] == next(iter(till.ledger.intents))
    assert till.ledger.details[0]["clientContext"] == {"origin": ORIGIN}
    assert till.ledger.canceled == []
    events = await till.stack.events()
    assert events.index("person:release:approved") < events.index("agent:token:given")


@pytest.mark.parametrize("approval_first", [True, False])
async def test_what_it_is_for_is_said_with_the_intent_and_the_token(till: Till, approval_first: bool) -> None:
    for reason, wanted in ((None, {}), ("subscription", {"reason": "subscription"})):
        browser = await till.approving_browser()
        assert (await pay(till, approval_first=approval_first, **wanted)).filled
        offer = next(message for message in (await browser).received if isinstance(message, Offer))
        assert read_facts(offer).reason == till.ledger.details[-1]["reason"] == (reason or "one-time")
    assert [intent["reason"] for intent in till.ledger.intents.values()] == (["one-time", "subscription"] if approval_first else [])


async def test_no_token_is_made_before_the_decision(till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(pay(till))
    offer = await browser.expect(Offer)
    assert till.ledger.tokens == []
    await browser.deny(offer.release_id)
    payment = await paying
    assert (payment.code, payment.filled, payment.retry) == (Outcome.DENIED, False, "no")
    assert "Do not ask again" in payment.next_step
    assert till.ledger.tokens == []
    assert till.ledger.canceled == list(till.ledger.intents), "a denied purchase is taken back"


async def test_what_reached_no_page_is_tried_once_more_under_the_same_decision(till: Till) -> None:
    browser = await till.approving_browser(Outcome.PAGE_CHANGED, Outcome.FILLED)
    payment = await pay(till)
    await browser
    assert payment.filled
    assert len(till.ledger.tokens) == 2
    assert (await till.stack.events()).count("person:release:approved") == 1


async def test_a_second_failure_is_told_and_the_approval_taken_back(till: Till) -> None:
    browser = await till.approving_browser(Outcome.PAGE_CHANGED, Outcome.PAGE_CHANGED)
    payment = await pay(till)
    await browser
    assert (payment.code, payment.value_delivered) == (Outcome.PAGE_CHANGED, False)
    assert "token" not in payment.next_step.lower()
    assert len(till.ledger.tokens) == 2
    assert till.ledger.canceled == list(till.ledger.intents)


async def test_a_value_on_the_page_is_never_tried_again(till: Till) -> None:
    browser = await till.approving_browser(Outcome.FIELD_REJECTED)
    payment = await pay(till)
    await browser
    assert (payment.code, payment.value_delivered) == (Outcome.FIELD_REJECTED, True)
    assert len(till.ledger.tokens) == 1


async def test_with_the_token_first_nothing_is_announced(till: Till) -> None:
    browser = await till.approving_browser()
    payment = await pay(till, approval_first=False)
    await browser
    assert payment.filled
    assert till.ledger.intents == {}


async def test_nobody_in_time_is_an_outcome_and_the_request_is_taken_back(till: Till) -> None:
    browser = await till.stack.browser()
    payment = await pay(till, wait_seconds=0)
    assert payment.code is Outcome.EXPIRED
    assert (await browser.expect(Withdrawn)).outcome is Outcome.WITHDRAWN
    assert till.ledger.canceled == list(till.ledger.intents)


async def test_an_agent_that_stops_waiting_takes_the_request_back(till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(pay(till))
    await browser.expect(Offer)
    paying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await paying
    assert (await browser.expect(Withdrawn)).outcome is Outcome.WITHDRAWN, "the person is asked no more"
    assert till.ledger.canceled == list(till.ledger.intents)
    assert till.ledger.tokens == []


async def merges(till: Till, count: int) -> bool:
    return (await till.stack.events()).count("broker:release:merged") == count


async def test_a_repeated_request_joins_the_open_one(till: Till) -> None:
    browser = await till.stack.browser()
    first = asyncio.create_task(pay(till))
    offer = await browser.expect(Offer)
    second = asyncio.create_task(pay(till))
    third = asyncio.create_task(pay(till))
    await eventually(lambda: merges(till, 2))
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)  # what it only repeated is not its to take back
    await browser.deny(offer.release_id)
    assert [(await paying).code for paying in (first, second)] == [Outcome.DENIED, Outcome.DENIED]


@pytest.mark.parametrize(("call", "minted"), [("intents", 0), ("details", 0)])
async def test_a_card_that_may_not_be_used_is_an_outcome(till: Till, call: str, minted: int) -> None:
    till.ledger.refusals[call] = (403, {"error": "The card is frozen.", "code": "card_frozen", "hint": "Unfreeze it."})
    browser = await till.stack.browser()
    paying = asyncio.create_task(pay(till))
    if call == "details":
        await browser.approve(await browser.expect(Offer))
    payment = await paying
    assert (payment.code, payment.sentence, payment.next_step) == (Outcome.REFUSED_BY_ISSUER, "The card is frozen.", "Unfreeze it.")
    assert len(till.ledger.tokens) == minted


class LosesTheAnswer(BrokerClient):
    """The connection breaks after the token arrived."""

    async def give_token(self, release_id: str, details_token: str) -> Release:
        await super().give_token(release_id, details_token)
        raise UnreachableError("The broker did not answer in time.", "Try again later.")


async def test_a_token_whose_answer_was_lost_is_followed_to_its_end(till: Till) -> None:
    browser = await till.approving_browser()
    known = till.configuration
    async with LedgerOS(known) as ledgeros, LosesTheAnswer(known.broker_url, known.broker_credential, known.ca_file) as broker:
        ledgeros.broker, kept = broker, ledgeros.broker
        payment = await ledgeros.pay(page_url=PAGE, card="card_1", amount=5_000, purpose="Paper")
        ledgeros.broker = kept
    await browser
    assert payment.filled
    assert len(till.ledger.tokens) == 1
    assert till.ledger.canceled == []


async def test_a_fault_of_the_caller_is_raised(till: Till) -> None:
    till.ledger.refusals["intents"] = (429, {"error": "Rate limit exceeded", "retryAfter": 1_200})
    with pytest.raises(AgentError) as limited:
        await pay(till)
    assert limited.value.retry_after_ms == 1_200
    for wrong in ({"amount": 0}, {"amount": 49.9}, {"amount": True}, {"page_url": "javascript:alert(1)"}):
        with pytest.raises(ValueError):
            await pay(till, **wrong)


async def test_a_ledgeros_that_is_gone_is_raised(till: Till) -> None:
    till.ledger.url = "https://localhost:1"
    with pytest.raises(UnreachableError, match="LedgerOS cannot be reached"):
        await pay(till)


async def test_code_without_an_event_loop_pays_too(till: Till) -> None:
    browser = await till.approving_browser()

    def shop() -> Payment:
        with SyncLedgerOS.from_file(till.write_configuration()) as ledgeros:
            assert [card.id for card in ledgeros.cards()] == [ledgeros.card("card_1").id]
            return ledgeros.pay(page_url=PAGE, card="card_1", amount=5_000, purpose="Paper for the office")

    payment = await asyncio.to_thread(shop)
    await browser
    assert payment.filled


def test_a_client_that_is_not_open_says_so(tmp_path: Path) -> None:
    folder = PkiFolder(tmp_path)
    folder.initialise("brk_1", "host_1")
    closed = SyncLedgerOS(Configuration("https://localhost:1", "https://localhost:2", folder.ca_file, "at_test_1", "bt_1"))
    with pytest.raises(RuntimeError, match="open the client first"):
        closed.cards()


async def test_neither_a_payment_nor_a_client_shows_a_secret(till: Till) -> None:
    browser = await till.approving_browser()
    payment = await pay(till)
    await browser
    shown = f"{payment!r} {payment.wire()} {till.configuration!r} {LedgerOS(till.configuration)!r} {SyncLedgerOS(till.configuration)!r}"
    assert till.ledger.tokens
    assert not [secret for secret in till.secrets if secret in shown]
