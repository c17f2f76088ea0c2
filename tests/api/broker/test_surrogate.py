"""Surrogate mode through the broker: a real egress process, a merchant with real TLS, a browser that pauses requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker import tlog
from broker.audit import read_events
from broker.egress.client import EgressClient
from broker.egress.settings import Limits
from broker.egress.taught import write_taught
from broker.protocol.channel import DeliverSurrogate, Ready, Result, Withdrawn
from broker.protocol.egress import EgressOutcome, End, Head
from broker.protocol.outcomes import Outcome
from broker.protocol.processors import Challenge
from broker.protocol.surrogate import Surrogate
from broker.releases.rows import all_releases
from broker.settings import BrokerSettings
from tests.api.broker.fake_ledger import NUMBER, ORIGIN
from tests.api.broker.shopping import STAND_IN, SURROGATE, Shopping, shopping
from tests.api.broker.waiting import eventually
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.values import taught


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shopping]:
    async with shopping(tmp_path, Limits(response=400_000)) as made:
        yield made


async def test_the_merchant_gets_the_number_and_the_browser_never_does(shop: Shopping) -> None:
    shop.merchant.answer = answering(f"paid with {NUMBER}".encode(), "Content-Type: text/plain")
    release_id = await shop.delivered()
    waiting = asyncio.create_task(shop.agent.wait_until_ready(release_id, 20))
    await shop.browser.send(Ready(release_id=release_id, fields=("number", "securityCode")))
    ready = await waiting
    assert (ready.status, ready.outcome, ready.fields) == ("paying", None, ("number", "securityCode"))
    assert ready.next_step is not None
    answered = await shop.pay(release_id)
    assert answered.end.outcome is EgressOutcome.SWAPPED
    assert answered.body == f"paid with {SURROGATE}".encode()
    assert (await shop.browser.expect(Withdrawn)).outcome is Outcome.SUBMITTED
    ended = await shop.agent.wait(release_id)
    assert (ended.outcome, ended.mode, ended.fields) == ("submitted", "surrogate", ("number", "securityCode"))
    assert NUMBER.encode() in shop.merchant.received[0].body
    assert NUMBER not in str(shop.browser.received)
    await eventually(lambda: bool(shop.stack.ledger.called("outcomes")))
    assert shop.stack.ledger.called("outcomes")[0]["outcome"] == "submitted"
    names = [
        name for name in await shop.stack.events() if name.split(":")[1] in ("release", "token", "credentials", "surrogate", "payment")
    ]
    assert names[names.index("person:release:approved") :] == [
        "person:release:approved",
        "issuer:token:redeemed",
        "egress:credentials:armed",
        "broker:surrogate:delivered",
        "extension:release:ready",
        "extension:payment:paused",
        "egress:payment:ended",
        "broker:release:finished",
    ]
    tlog.verify(await shop.stack.broker.database.read(read_events))


async def test_the_answer_streams_through_before_it_is_complete(shop: Shopping) -> None:
    seen = asyncio.Event()

    async def slowly(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        await writer.drain()
        await seen.wait()
        writer.write(b"done")
        await writer.drain()

    shop.merchant.answer = slowly
    release_id = await shop.ready()
    await shop.browser.send(shop.request(release_id))
    assert (await shop.browser.expect(Head)).status == 200
    seen.set()
    assert (await shop.answered()).body == b"done"


async def test_the_registry_answers_what_it_covers(shop: Shopping) -> None:
    other = "https://another.example"
    covered = await shop.covers(other, "https://hosted-pay.localhost")
    assert (covered.request_id, covered.verdict) == ("ask-1", "covered")
    assert covered.key_id is not None
    assert covered.taught is None
    assert (await shop.covers(ORIGIN)).verdict == "covered"
    assert (await shop.covers(other)).verdict == "unknown"
    assert (await shop.covers(other, "https://checkoutshopper-live.adyen.com")).verdict == "client_side_encrypted"
    await shop.egress.kill()
    await shop.stack.happened("broker:egress:lost")
    assert (await shop.covers(ORIGIN, "https://hosted-pay.localhost")).verdict == "egress_unavailable"


async def test_a_checkout_that_was_taught_is_told_with_who_taught_it_and_where_it_pays(shop: Shopping) -> None:
    later = taught("later.localhost", origin=ORIGIN).model_copy(update={"id": "taught-2", "confirmed_by": "Ada", "confirmed_at": 2})
    write_taught(shop.settings.folder, (later, taught(origin=ORIGIN), taught("elsewhere.localhost", origin="https://other.example")))
    told = (await shop.covers(ORIGIN)).taught
    assert told is not None
    assert (told.by, told.at, told.hosts) == ("Ada", 2, ("later.localhost", "shop.localhost"))


async def test_who_debugs_the_tab_is_written_down_and_changes_nothing(shop: Shopping) -> None:
    release_id = await shop.delivered()
    await shop.browser.send(Ready(release_id=release_id, fields=("number",), debugged=True))
    await shop.browser.settled()
    assert [facts["debugged"] for facts in await shop.stack.event_facts("extension:release:ready")] == [True]
    assert (await shop.agent.get(release_id)).status == "paying"


async def test_without_an_egress_nothing_is_redeemed(shop: Shopping) -> None:
    release_id, offer = await shop.ask()
    await shop.egress.kill()
    await shop.stack.happened("broker:egress:lost")
    await shop.approve(offer)
    assert (await shop.outcome(release_id))[0] == "egress_unavailable"
    assert shop.stack.ledger.called("redeem") == []


async def test_a_key_that_ledgeros_does_not_name_is_no_recipient(shop: Shopping) -> None:
    release_id, offer = await shop.ask()
    await shop.approve(offer, recipient_key_id="AAAA")
    assert (await shop.outcome(release_id))[0] == "internal_error"
    assert shop.stack.ledger.called("redeem") == []
    assert (await shop.stack.event_facts("extension:message:refused"))[-1]["reason"] == "other_recipient_key_id"


async def test_a_card_that_the_egress_does_not_take_closes_its_window(shop: Shopping) -> None:
    shop.stack.ledger.stand_in = STAND_IN.model_copy(update={"surrogate": Surrogate(number="4242424242424242", security_code="751")})
    release_id, offer = await shop.ask()
    await shop.approve(offer)
    code, sentence = await shop.outcome(release_id)
    assert code == "egress_unavailable"
    assert "does not belong to this card" in (sentence or "")
    await eventually(lambda: any("close" in path for path, _ in shop.stack.ledger.calls))
    assert not any(isinstance(message, DeliverSurrogate) for message in shop.browser.received)


async def test_an_egress_killed_while_the_payment_is_out_may_have_charged(shop: Shopping) -> None:
    hanging = asyncio.Event()

    async def hang(received: Received, writer: asyncio.StreamWriter) -> None:
        hanging.set()
        await asyncio.Event().wait()

    shop.merchant.answer = hang
    release_id = await shop.ready()
    await shop.browser.send(shop.request(release_id))
    await hanging.wait()
    await shop.egress.kill()
    assert (await shop.answered()).end.outcome is EgressOutcome.MAY_HAVE_BEEN_CHARGED
    assert (await shop.outcome(release_id))[0] == "may_have_been_charged"
    assert (await shop.browser.expect(Withdrawn)).outcome is Outcome.MAY_HAVE_BEEN_CHARGED


async def test_an_egress_killed_while_it_only_holds_the_card_charged_nothing_and_comes_back(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.restart_egress()
    assert (await shop.outcome(release_id))[0] == "egress_unavailable"
    assert (await shop.browser.expect(Withdrawn)).outcome is Outcome.EGRESS_UNAVAILABLE
    await eventually(lambda: shop.stack.broker.egress.health is not None)
    paid = await shop.ready()
    assert (await shop.pay(paid)).end.outcome is EgressOutcome.SWAPPED


async def test_a_request_that_was_not_the_payment_is_followed_by_the_one_that_is(shop: Shopping) -> None:
    release_id = await shop.ready()
    other = await shop.pay(release_id, shop.merchant.url("form-pay.localhost", "/analytics/x/y"))
    assert other.end.outcome is EgressOutcome.NOT_REGISTERED
    assert (await shop.agent.get(release_id)).status == "paying"
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED
    assert (await shop.outcome(release_id))[0] == "submitted"


async def test_a_payment_that_reached_nobody_may_be_made_again_as_long_as_the_decision_holds(shop: Shopping) -> None:
    release_id = await shop.ready()
    nobody = "https://form-pay.localhost:1/pay/acct_1"
    for _ in range(2):
        assert (await shop.pay(release_id, nobody)).end.outcome is EgressOutcome.MERCHANT_UNREACHABLE
        assert (await shop.agent.get(release_id)).status == "paying"
        shop.stack.clock.advance(30)  # somebody looks at the page and presses Pay again
        await shop.releases.sweep()
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED
    assert (await shop.outcome(release_id))[0] == "submitted"
    assert len(shop.merchant.received) == 1


async def test_a_payment_that_reached_nobody_and_is_not_made_again_ends_with_its_sentence(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.pay(release_id, shop.merchant.url("form-pay.localhost", "/analytics/x/y"))
    await shop.pay(release_id, "https://form-pay.localhost:1/pay/acct_1")
    await eventually(lambda: shop.releases._desk.live[release_id].status == "paying")
    shop.stack.clock.advance(60)
    await shop.releases.sweep()
    assert (await shop.agent.get(release_id)).status == "paying"
    shop.stack.clock.advance(61)
    await shop.releases.sweep()
    code, sentence = await shop.outcome(release_id)
    assert code == "swap_not_seen"
    assert "could not be reached" in (sentence or "")
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.EXPIRED


async def test_requests_at_the_same_time_go_one_after_the_other(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.browser.send(shop.request(release_id, shop.merchant.url("form-pay.localhost", "/analytics/x/y")))
    await shop.browser.send(shop.request(release_id))
    assert [(await shop.answered()).end.outcome for _ in range(2)] == [EgressOutcome.NOT_REGISTERED, EgressOutcome.SWAPPED]


async def test_nothing_but_another_request_ends_with_its_sentence(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.pay(release_id, shop.merchant.url("form-pay.localhost", "/analytics/x/y"))
    await eventually(lambda: shop.releases._desk.live[release_id].status == "paying")
    shop.stack.clock.advance(10.1)
    await shop.releases.sweep()
    code, sentence = await shop.outcome(release_id)
    assert code == "swap_not_seen"
    assert "No registered payment endpoint" in (sentence or "")


async def test_a_page_that_pays_nothing_ends_with_the_decision(shop: Shopping) -> None:
    release_id = await shop.ready()
    shop.stack.clock.advance(121)
    await shop.releases.sweep()
    assert (await shop.outcome(release_id))[0] == "swap_not_seen"
    late = await shop.pay(release_id)
    assert late.end.outcome is EgressOutcome.EXPIRED
    assert shop.merchant.received == []


async def test_a_request_from_another_page_ends_it_at_once(shop: Shopping) -> None:
    release_id = await shop.ready()
    assert (await shop.pay(release_id, top_origin="https://evil.example")).end.outcome is EgressOutcome.ORIGIN_MISMATCH
    code, sentence = await shop.outcome(release_id)
    assert code == "swap_not_seen"
    assert "another page" in (sentence or "")


async def test_a_person_who_stops_in_time_is_heard_and_too_late_is_told_so(shop: Shopping) -> None:
    stopped = await shop.ready()
    await shop.browser.stop(stopped)
    assert (await shop.outcome(stopped))[0] == "stopped"
    assert (await shop.pay(stopped)).end.outcome is EgressOutcome.EXPIRED
    go_on = asyncio.Event()
    asked = asyncio.Event()

    async def wait(received: Received, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        await answering(b"paid")(received, writer)

    shop.merchant.answer = wait
    paid = await shop.ready()
    await shop.browser.send(shop.request(paid))
    await asked.wait()
    await shop.browser.stop(paid)
    await shop.browser.report(paid, Outcome.TAB_CLOSED)
    await shop.browser.settled()
    go_on.set()
    assert (await shop.outcome(paid))[0] == "submitted"
    reasons = [facts["reason"] for facts in await shop.stack.event_facts("extension:message:refused")]
    assert reasons[-2:] == ["payment_under_way", "payment_under_way"]


@pytest.mark.parametrize("redirected", [False, True])
async def test_a_page_that_lost_its_answer_says_nothing_about_the_payment(shop: Shopping, redirected: bool) -> None:
    go_on, asked = asyncio.Event(), asyncio.Event()
    target = shop.merchant.url("worker-pay.localhost", "/further")
    moved = answering(b"", f"Location: {target}", status="307 Temporary Redirect")

    async def wait(received: Received, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        await (moved if redirected else answering(b"paid"))(received, writer)

    shop.merchant.answer = wait
    release_id = await shop.ready()
    await shop.browser.send(shop.request(release_id))
    await asked.wait()
    why = "Somebody ended the debugging."
    await shop.browser.send(Result(release_id=release_id, outcome=Outcome.MAY_HAVE_BEEN_CHARGED, fields=(), failed=(), detail=why))
    await shop.stack.happened("extension:payment:torn")
    go_on.set()
    await shop.stack.happened("egress:payment:ended")
    if redirected:
        await eventually(lambda: shop.releases._desk.live[release_id].payment.swapped is not None)
        shop.stack.clock.advance(10.1)
        await shop.releases.sweep()
    assert await shop.outcome(release_id) == ("may_have_been_charged", why)


async def test_a_closed_tab_ends_what_only_waits(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.browser.report(release_id, Outcome.TAB_CLOSED)
    assert (await shop.outcome(release_id))[0] == "tab_closed"


@pytest.mark.parametrize("claimed", [Outcome.FILLED, Outcome.SUBMITTED, Outcome.MAY_HAVE_BEEN_CHARGED])
async def test_a_browser_does_not_say_what_only_the_egress_knows(shop: Shopping, claimed: Outcome) -> None:
    release_id = await shop.ready()
    await shop.browser.report(release_id, claimed)
    await shop.browser.settled()
    assert (await shop.agent.get(release_id)).status == "paying"


async def test_a_browser_that_can_pause_nothing_ends_what_only_waits(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.browser.report(release_id, Outcome.SWAP_NOT_SEEN)
    assert (await shop.outcome(release_id))[0] == "swap_not_seen"


async def test_another_browsers_release_is_not_paid_for_it(shop: Shopping) -> None:
    release_id = await shop.ready()
    other = await shop.stack.browser()
    await other.send(shop.request(release_id))
    assert (await other.expect(End)).outcome is EgressOutcome.REQUEST_REFUSED
    await other.send(Ready(release_id=release_id, fields=()))
    await other.settled()
    assert shop.merchant.received == []
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED


async def test_a_payment_is_answered_once(shop: Shopping) -> None:
    release_id = await shop.ready()
    await shop.pay(release_id)
    assert (await shop.outcome(release_id))[0] == "submitted"
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAP_ALREADY_USED
    assert len(shop.merchant.received) == 1


async def test_a_redirect_that_keeps_the_body_is_paid_where_it_leads(shop: Shopping) -> None:
    target = shop.merchant.url("worker-pay.localhost", "/further")
    shop.merchant.answer = answering(b"", f"Location: {target}", status="307 Temporary Redirect")
    release_id = await shop.ready()
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED
    assert (await shop.agent.get(release_id)).status == "paying"
    shop.merchant.answer = answering(b"paid")
    assert (await shop.pay(release_id, target)).body == b"paid"
    assert (await shop.outcome(release_id))[0] == "submitted"


async def test_an_egress_that_is_gone_when_the_redirect_is_followed_was_a_payment_all_the_same(
    shop: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page follows while the broker lets go of the lost connection: the first request had the number all the same."""
    letting_go, go_on = asyncio.Event(), asyncio.Event()
    close = EgressClient.close

    async def slowly(client: EgressClient) -> None:
        letting_go.set()
        await go_on.wait()
        await close(client)

    monkeypatch.setattr(EgressClient, "close", slowly)
    target = shop.merchant.url("worker-pay.localhost", "/further")
    shop.merchant.answer = answering(b"", f"Location: {target}", status="307 Temporary Redirect")
    release_id = await shop.ready()
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED
    await shop.egress.kill()
    await letting_go.wait()
    assert (await shop.pay(release_id, target)).end.outcome is EgressOutcome.MERCHANT_UNREACHABLE
    go_on.set()
    assert (await shop.outcome(release_id))[0] == "may_have_been_charged"


async def test_a_redirect_that_nobody_follows_was_a_payment_all_the_same(shop: Shopping) -> None:
    shop.merchant.answer = answering(
        b"", f"Location: {shop.merchant.url('form-pay.localhost', '/pay/acct_2')}", status="307 Temporary Redirect"
    )
    release_id = await shop.ready()
    await shop.pay(release_id)
    await shop.browser.settled()
    shop.stack.clock.advance(10.1)
    await shop.releases.sweep()
    assert (await shop.outcome(release_id))[0] == "submitted"


async def test_an_endless_answer_ends(shop: Shopping) -> None:
    async def endless(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    shop.merchant.answer = endless
    release_id = await shop.ready()
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.RESPONSE_TOO_LARGE
    assert (await shop.outcome(release_id))[0] == "may_have_been_charged"


async def test_a_browser_that_went_away_does_not_hide_how_the_payment_ended(shop: Shopping) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def wait(received: Received, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        await answering(b"paid")(received, writer)

    shop.merchant.answer = wait
    release_id = await shop.ready()
    await shop.browser.send(shop.request(release_id))
    await asked.wait()
    await shop.browser.disconnect()
    go_on.set()
    assert (await shop.outcome(release_id))[0] == "submitted"


async def test_a_merchant_that_refuses_the_request_itself_is_named_so(shop: Shopping) -> None:
    shop.merchant.answer = answering(b"no robots", status="403 Forbidden")
    release_id = await shop.ready()
    await shop.pay(release_id)
    assert (await shop.outcome(release_id))[0] == "blocked_by_merchant"


async def test_a_bank_that_asks_first_is_named_so(shop: Shopping) -> None:
    entry = taught(origin=ORIGIN).model_copy(update={"challenge": Challenge(hosts=("bank.localhost",))})
    write_taught(shop.settings.folder, (entry,))
    shop.merchant.answer = answering(b"", "Location: https://bank.localhost/ask", status="303 See Other")
    release_id = await shop.ready()
    await shop.pay(release_id, shop.merchant.url("shop.localhost", "/buy"))
    code, sentence = await shop.outcome(release_id)
    assert code == "challenge_required"
    assert "the bank asks the person" in (sentence or "")


async def test_a_broker_that_stops_while_a_payment_is_out_says_so(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def hang(received: Received, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with shopping(tmp_path) as shop:
        shop.merchant.answer = hang
        release_id = await shop.ready()
        await shop.browser.send(shop.request(release_id))
        await asked.wait()
    assert kept(shop) == ["may_have_been_charged"]


async def test_what_the_page_sends_before_its_payment_is_in_the_books_is_told_that_it_was_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(BrokerSettings().release_limits(), page_first_ms=1_500)
    monkeypatch.setattr(BrokerSettings, "release_limits", lambda _: limits)
    async with shopping(tmp_path) as shop:
        release_id = await shop.ready()
        assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED
        assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAP_ALREADY_USED
        assert len(shop.merchant.received) == 1
        assert (await shop.agent.get(release_id)).outcome is None, "the books are not written yet"
    assert kept(shop) == ["submitted"]


async def test_a_broker_that_stops_when_the_page_was_just_answered_still_writes_how_it_ended(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        assert (await shop.pay(await shop.ready())).end.outcome is EgressOutcome.SWAPPED
    assert kept(shop) == ["submitted"]


def kept(shop: Shopping) -> list[str | None]:
    """The outcomes in the database of a broker that has stopped."""
    database = shop.stack.state.open_database()
    try:
        return [row.outcome for row in database.read_now(lambda connection: all_releases(connection, 5))]
    finally:
        database.close()


UNFIT: dict[str, dict[str, object]] = {
    "method": {"method": "FOO-BAR"},
    "address": {"url": f"https://shop.example/{'x' * 9_000}"},
    "header": {"headers": [["X-Page", "x" * 17_000]]},
    "many headers": {"headers": [[f"X-{at}", "x"] for at in range(101)]},
    "large headers": {"headers": [[f"X-{at}", "x" * 7_000] for at in range(10)]},
    "origin": {"frameOrigin": "https://a_b.example"},
}


@pytest.mark.parametrize("part", UNFIT)
async def test_a_page_cannot_cut_the_channel_with_a_request_of_no_form(shop: Shopping, part: str) -> None:
    release_id = await shop.ready()
    await shop.browser.send_json(shop.request(release_id).wire() | UNFIT[part])
    refused = (await shop.answered()).end
    assert (refused.outcome, refused.may_have_been_charged) == (EgressOutcome.REQUEST_REFUSED, False)
    facts = (await shop.stack.event_facts("extension:message:refused"))[-1]
    assert (facts["releaseId"], facts["message"], facts["reason"]) == (release_id, "send", "malformed")
    assert (await shop.pay(release_id)).end.outcome is EgressOutcome.SWAPPED, "the other payments of that browser go on"
    assert (await shop.outcome(release_id))[0] == "submitted"


@pytest.mark.parametrize("change", [{"requestId": "no id"}, {"releaseId": 7}, {"type": "ready"}])
async def test_a_message_that_no_page_can_have_made_so_still_closes_the_channel(shop: Shopping, change: dict[str, object]) -> None:
    release_id = await shop.ready()
    await shop.browser.send_json(shop.request(release_id).wire() | {"method": "FOO-BAR"} | change)
    await shop.browser.closed()
    assert not any(isinstance(message, End) for message in shop.browser.received)
