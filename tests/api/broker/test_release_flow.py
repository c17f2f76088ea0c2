"""A release from the agent's request to its outcome, over real TLS, with a real database."""

from __future__ import annotations

import asyncio

import pytest

from broker import tlog
from broker.audit import read_events
from broker.client import AgentError
from broker.core.canonical import unb64u
from broker.protocol.channel import Deliver, Deny, Offer, Shown, Withdrawn
from broker.protocol.denial import SignedDenial
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_ledger import NUMBER, ORIGIN, refuse
from tests.api.broker.harness import Stack
from tests.api.broker.waiting import eventually


async def test_an_approved_release_fills_the_form_and_every_step_is_an_event(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint(), page_url=ORIGIN + "/pay", purpose="Paper <b>now</b>")
        assert (asked.status, asked.last4, asked.origin) == ("pending", NUMBER[-4:], ORIGIN)
        offer = await browser.expect(Offer)
        assert offer.claimed.origin == ORIGIN
        assert offer.claimed.purpose == "Paper now"
        await browser.send(Shown(release_id=offer.release_id))
        waiting = asyncio.create_task(agent.wait(asked.id))
        signed = await browser.approve(offer)
        card = await browser.fill(await browser.expect(Deliver), signed)
        assert card.pan.reveal() == NUMBER
        ended = await waiting
    assert (ended.outcome, ended.fields, ended.mode) == ("filled", ("number", "expiry", "securityCode"), "direct")
    assert [name for name in await stack.events() if ":release:" in name or ":token:" in name or ":credentials:" in name] == [
        "agent:release:requested",
        "issuer:token:introspected",
        "broker:release:offered",
        "extension:release:shown",
        "person:release:approved",
        "issuer:token:redeemed",
        "broker:credentials:delivered",
        "extension:release:filled",
        "broker:release:finished",
    ]
    tlog.verify(await stack.broker.database.read(read_events))


async def test_ledgeros_learns_how_the_release_ended(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.deny((await browser.expect(Offer)).release_id)
        await agent.wait(asked.id)
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    report = stack.ledger.called("outcomes")[0]
    assert (report["releaseId"], report["outcome"]) == (asked.id, "denied")
    denial = SignedDenial.read(report["denial"])
    browser.signing.public_key().verify(unb64u(denial.device_signature), denial.denial.digest())


@pytest.mark.parametrize("fault", ["unsigned", "said", "release_id", "facts_hash", "token_hash", "intent_id"])
async def test_a_no_is_heard_however_it_comes_and_is_the_persons_only_where_it_fits(stack: Stack, fault: str) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        no = browser.say_no(offer.release_id, "denied")
        assert no is not None
        others = {"said": "stopped", "release_id": "rel_other", "facts_hash": "AA", "token_hash": "AA", "intent_id": "int_1"}
        other = None if fault == "unsigned" else no.model_copy(update={"denial": no.denial.model_copy(update={fault: others[fault]})})
        await browser.send(Deny(release_id=offer.release_id, signed=other))
        assert (await agent.wait(asked.id)).outcome == "denied"
    [event] = [entry for entry in await stack.broker.database.read(read_events) if entry.name.endswith(":release:denied")]
    assert (event.name, event.facts["unproven"]) == ("extension:release:denied", fault)
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    assert stack.ledger.called("outcomes")[0]["denial"] is None, "what does not fit is not carried on"


async def test_a_denied_release_redeems_nothing(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        await browser.deny(offer.release_id)
        ended = await agent.wait(asked.id)
        assert ended.outcome == "denied"
        await browser.approve(offer)
        assert (await browser.expect(Withdrawn)).outcome is Outcome.DENIED
    assert stack.ledger.called("redeem") == []
    assert "person:release:denied" in await stack.events()


async def test_nobody_decides_in_time(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        stack.clock.advance(121)
        await stack.broker.releases.sweep()
        assert (await browser.expect(Withdrawn)).outcome is Outcome.EXPIRED
        assert (await agent.get(asked.id)).outcome == "expired"
        await browser.approve(offer)
        await browser.expect(Withdrawn)
    assert stack.ledger.called("redeem") == []


async def test_an_approval_after_the_deadline_is_refused_even_before_a_timer_fires(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        stack.clock.advance(120)
        await browser.approve(offer)
        assert (await agent.wait(asked.id)).outcome == "expired"
    assert stack.ledger.called("redeem") == []
    assert [facts["reason"] for facts in await stack.event_facts("extension:message:refused")] == ["expired"]


async def test_a_double_click_redeems_once(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        signed = await browser.approve(offer)
        await browser.approve(offer)
        await browser.fill(await browser.expect(Deliver), signed)
        assert (await agent.wait(asked.id)).outcome == "filled"
    assert len(stack.ledger.called("redeem")) == 1
    assert [facts["reason"] for facts in await stack.event_facts("extension:message:refused")] == ["already_decided"]


@pytest.mark.parametrize(
    "changes",
    [
        {"release_id": "rel_other"}, {"card_id": "card_2"}, {"agent_id": "agent_2"}, {"last4": "0000"}, {"token_hash": "AAAA"},
        {"facts_hash": "AAAA"}, {"access_event_id": "evt_2"}, {"broker_id": "brk_other"}, {"currency": "EUR"}, {"token_hash": None},
    ],
)  # fmt: skip
async def test_a_decision_about_something_else_is_refused_and_both_sides_are_told(stack: Stack, changes: dict[str, object]) -> None:
    browser = await stack.browser()
    member = next(iter(changes))
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        await browser.approve(offer, **changes)
        told = await browser.expect(Withdrawn)
        assert (told.release_id, told.outcome) == (offer.release_id, "internal_error")
        assert f"not about what was asked for ({member})" in told.message
        assert (await agent.wait(asked.id)).message == told.message
        await browser.approve(offer)  # the right one comes too late
        await browser.settled()
    assert stack.ledger.called("redeem") == []
    reasons = [facts["reason"] for facts in await stack.event_facts("extension:message:refused")]
    assert reasons == [f"other_{member}", "not_pending"]


async def test_another_browser_cannot_decide(stack: Stack) -> None:
    other, browser = await stack.browser(), await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        await other.approve(offer)
        await other.deny(offer.release_id)
        await other.report(offer.release_id, Outcome.NO_FORM)
        await other.settled()
        await browser.deny(offer.release_id)
        assert (await agent.wait(asked.id)).outcome == "denied"
    reasons = [facts["reason"] for facts in await stack.event_facts("extension:message:refused")]
    assert reasons == ["offered_to_another_browser", "offered_to_another_browser", "not_offered_to_this_browser"]
    assert stack.ledger.called("redeem") == []


async def test_the_most_recently_used_browser_gets_the_offer(stack: Stack) -> None:
    first, second = await stack.browser(), await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await second.expect(Offer)
        await second.deny(offer.release_id)
        await agent.wait(asked.id)
        await first.send(Shown(release_id=offer.release_id))
        await first.send(Shown(release_id=offer.release_id))
        await first.deny(offer.release_id)
        await stack.happened("extension:message:refused")
        await agent.request_release(stack.ledger.mint(card_id="card_2"))
        assert (await first.expect(Offer)).release_id != offer.release_id


async def test_a_token_posted_twice_is_one_release(stack: Stack) -> None:
    browser = await stack.browser()
    token = stack.ledger.mint()
    async with stack.client() as agent:
        one, two = await asyncio.gather(agent.request_release(token), agent.request_release(token))
        assert one.id == two.id
        await browser.expect(Offer)
        await browser.deny(one.id)
        await agent.wait(one.id)
        again = await agent.request_release(token)
        assert (again.id, again.outcome) == (one.id, "denied")
    assert len([message for message in browser.received if isinstance(message, Offer)]) == 1
    assert len(stack.ledger.called("introspect")) == 1


async def test_a_token_of_another_agent_raises_an_alarm(stack: Stack) -> None:
    from broker import admin

    await stack.browser()
    thief = await asyncio.to_thread(admin.add_agent, stack.state.root, "thief")
    token = stack.ledger.mint()
    async with stack.client() as agent, stack.client(thief.credential) as other:
        asked = await agent.request_release(token)
        with pytest.raises(AgentError) as refused:
            await other.request_release(token)
        assert (refused.value.status, refused.value.code) == (409, "token_in_use")
        with pytest.raises(AgentError) as hidden:
            await other.get(asked.id)
        assert hidden.value.status == 404
        assert await other.releases() == []
    assert "alarm:token:presented-by-another-agent" in await stack.events()


async def test_one_pending_release_per_card(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        first = await agent.request_release(stack.ledger.mint())
        second = await agent.request_release(stack.ledger.mint(expected_amount=1))
        assert second.outcome == "refused_by_rule"
        assert second.message is not None
        assert "one_pending_per_card" in second.message
        assert second.retry_at == first.expires_at
        await browser.deny(first.id)
        await agent.wait(first.id)
        assert (await agent.request_release(stack.ledger.mint())).status == "pending"


async def test_no_connected_browser_ends_at_once(stack: Stack) -> None:
    async with stack.client() as agent:
        ended = await agent.request_release(stack.ledger.mint())
    assert ended.outcome == "extension_offline"
    assert ended.next_step is not None


async def test_a_contradicted_attestation_is_an_origin_mismatch(stack: Stack) -> None:
    await stack.browser()
    async with stack.client() as agent:
        ended = await agent.request_release(stack.ledger.mint(origin="https://other.example"), origin=ORIGIN)
    assert ended.outcome == "origin_mismatch"


async def test_the_attested_origin_is_offered_when_the_agent_names_none(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint(origin=ORIGIN), purpose=f"pay with {NUMBER}")
    offer = await browser.expect(Offer)
    assert (asked.origin, offer.claimed.origin) == (ORIGIN, ORIGIN)
    assert NUMBER not in offer.claimed.purpose


@pytest.mark.parametrize("outcome", [Outcome.NO_TAB, Outcome.NO_FORM, Outcome.TAB_CLOSED, Outcome.PASSKEY_REQUIRED, Outcome.AMBIGUOUS_TAB])
async def test_a_browser_that_cannot_fill_says_why(stack: Stack, outcome: Outcome) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.expect(Offer)
        await browser.report(asked.id, outcome)
        assert (await agent.wait(asked.id)).outcome == outcome
    assert stack.ledger.called("redeem") == []


async def test_filled_without_credentials_is_not_believed(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.expect(Offer)
        await browser.report(asked.id, Outcome.FILLED, "number")
        await browser.deny(asked.id)
        assert (await agent.wait(asked.id)).outcome == "denied"
    assert [facts["reason"] for facts in await stack.event_facts("extension:message:refused")] == ["impossible_here"]


async def test_a_field_name_carries_no_digits_to_the_agent(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        signed = await browser.approve(await browser.expect(Offer))
        deliver = await browser.expect(Deliver)
        await browser.report(asked.id, Outcome.FILLED, NUMBER)
        await browser.fill(deliver, signed)
        assert (await agent.wait(asked.id)).fields == ("number", "expiry", "securityCode")


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (410, "already_used", "already_used"), (410, "expired", "expired"), (403, "passkey_required", "passkey_required"),
        (403, "device_not_enrolled", "not_enrolled"), (403, "broker_not_enrolled", "not_enrolled"),
        (403, "card_frozen", "refused_by_issuer"),
        (404, "invalid_token", "invalid_token"), (403, "wrong_broker", "wrong_broker"),
    ],
)  # fmt: skip
async def test_a_refused_redeem_has_its_outcome(stack: Stack, status: int, code: str, outcome: str) -> None:
    browser = await stack.browser()
    stack.ledger.answers["redeem"] = lambda: refuse(status, code, "The card is frozen.")
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.approve(await browser.expect(Offer))
        ended = await agent.wait(asked.id)
    assert ended.outcome == outcome
    if outcome == "refused_by_issuer":
        assert ended.message == "The card is frozen."
    assert (await browser.expect(Withdrawn)).outcome == outcome


async def test_a_tab_closed_during_the_redeem_gets_no_credentials(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        stack.ledger.pause = asyncio.Event()
        await browser.approve(offer)
        await eventually(lambda: bool(stack.ledger.called("redeem")))
        await browser.report(asked.id, Outcome.TAB_CLOSED)
        assert (await agent.wait(asked.id)).outcome == "tab_closed"
        stack.ledger.pause.set()
        await stack.happened("issuer:token:redeemed")
    assert not [message for message in browser.received if isinstance(message, Deliver)]
