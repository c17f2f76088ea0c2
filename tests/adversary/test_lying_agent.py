"""A lying agent: its words are made harmless, its claims are checked against what LedgerOS and the browser know."""

from __future__ import annotations

import asyncio

import pytest

from broker.client import AgentError
from broker.protocol.channel import Offer
from broker.protocol.decision import Decision
from tests.adversary.spies import refused
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.broker.harness import Stack
from tests.api.broker.test_with_ledgeros import Chain
from tests.api.issuer.harness import World

LIES = {
    "markup": ("Pens <img src=x onerror=alert(1)><b>Approved</b>", "Pens Approved"),
    "a second line that looks like ours": ("Pens\n\n✓ Checked by LedgerOS", "Pens ✓ Checked by LedgerOS"),
    "text that runs backwards": ("Pens \u202e00.1$ yap\u202c", "Pens 00.1$ yap"),
    "isolates and invisible characters": ("Pe\u200bns\u2066 now\u2069\ufeff\u00ad", "Pens now"),
    "terminal escapes": ("Pens\x1b[2J\x07", "Pens [2J"),
    "line and paragraph separators": ("Pens\u2028now\u2029here", "Pens now here"),
}


async def test_a_lie_in_the_purpose_text_reaches_the_person_as_one_harmless_line(world: World) -> None:
    for lie, (said, shown) in LIES.items():
        facts = world.device.facts(await world.introspected(await world.token(summary=said, merchantText=said)))
        assert (facts.summary, facts.merchant_text) == (shown, shown), lie


async def test_a_lie_told_to_the_broker_is_offered_as_one_harmless_line(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        for number, (lie, (said, shown)) in enumerate(LIES.items()):
            await agent.request_release(stack.ledger.mint(card_id=f"card_{number}"), page_url=ORIGIN, purpose=said)
            assert (await browser.expect(Offer)).claimed.purpose == shown, lie


async def test_words_full_of_numbers_are_shown_and_fit_however_much_longer_the_mask_makes_them(world: World) -> None:
    numbers = ",".join(["4222222222222"] * 21)
    for words in ("summary", "merchantText"):
        facts = world.device.facts(await world.introspected(await world.token(**{words: numbers})))
        assert max(len(facts.summary), len(facts.merchant_text or "")) == 300
        assert "4222" not in facts.summary + (facts.merchant_text or "")
    for words in ("summary", "expectedMerchant"):
        intent_id = await world.intent(**{words: numbers})
        assert (await world.broker.post("introspect", {"intentId": intent_id})).body["active"], words


async def test_an_endless_purpose_is_cut_or_refused_at_both_doors(world: World, stack: Stack) -> None:
    reply = await world.details(summary="word " * 2_000)
    if reply.status == 200:
        facts = world.device.facts(await world.introspected(reply.body["detailsToken"]))
        assert len(facts.summary) <= 300
    else:
        assert reply.status == 400
        assert "word word" not in reply.text
    browser = await stack.browser()
    async with stack.client() as agent:
        await agent.request_release(stack.ledger.mint(), page_url=ORIGIN, purpose="word " * 59)
        assert len((await browser.expect(Offer)).claimed.purpose) <= 300
        with pytest.raises(AgentError):
            await agent.request_release(stack.ledger.mint(card_id="card_2"), page_url=ORIGIN, purpose="word " * 2_000)


async def test_a_card_number_in_the_purpose_text_is_masked(world: World) -> None:
    facts = world.device.facts(await world.introspected(await world.token(summary="Pay 4111 1111 1111 1111 now")))
    assert "4111 1111" not in facts.summary
    control = world.device.facts(await world.introspected(await world.token(summary="Order 4111 of today")))
    assert "4111" in control.summary, "other figures stay"


async def test_a_summary_that_shows_nothing_is_refused(world: World) -> None:
    reply = await world.details(summary="\u200b\u202e<b></b>\ufeff")
    assert (reply.status, reply.body["code"]) == (400, "invalid_request")


async def test_another_origin_told_to_the_broker_than_to_ledgeros_ends_the_release(chain: Chain) -> None:
    token = await chain.world.token(clientContext={"origin": "https://cheap.example"})
    ended = await chain.agent.broker.request_release(token, page_url="https://dear.example/pay")
    assert ended.outcome == "origin_mismatch"
    assert (await chain.world.access_event(token))["status"] == "granted", "nothing was consumed"


async def test_an_address_that_is_no_web_origin_is_refused(stack: Stack) -> None:
    async with stack.client() as agent:
        for url in ("javascript:alert(1)", "https://shop.example@evil.example/", "data:text/html,x", "https://shop.example\\.evil/"):
            with pytest.raises(AgentError) as error:
                await agent.request_release(stack.ledger.mint(), page_url=url)
            assert (error.value.status, error.value.code) == (400, "invalid_origin")


async def test_an_approval_that_hides_a_contradicted_claim_is_refused(world: World) -> None:
    token = await world.token(await world.new_card(), clientContext={"origin": "https://cheap.example"})
    decision = world.device.decision(await world.introspected(token), world.clock.now_ms())
    assert (await refused(world, token, world.device.sign(decision))).body["code"] == "decision_incomplete"
    shown = Decision.model_validate({**decision.wire(), "mismatches": ["origin"]})
    assert (await refused(world, token, world.device.sign(shown, passkey=False))).body["code"] == "passkey_required"
    assert (await world.broker.redeem(token, world.device.sign(shown))).status == 200, "seen, signed, and proven by the person"


async def test_an_amount_the_page_contradicts_must_be_shown_and_needs_the_person(world: World) -> None:
    await world.owner.set_approval("click")
    token = await world.token(await world.new_card())
    decision = world.device.decision(await world.introspected(token), world.clock.now_ms())
    dear = {**decision.wire(), "seen": {**decision.seen.wire(), "pageAmount": 50_000}, "maxAmount": 50_000}
    hidden = world.device.sign(Decision.model_validate(dear))
    assert (await refused(world, token, hidden)).body["code"] == "decision_incomplete"
    click = world.device.sign(Decision.model_validate({**dear, "mismatches": ["amount"]}), passkey=False)
    assert (await refused(world, token, click)).body["code"] == "passkey_required"


async def test_another_shop_than_the_broker_was_told_of_is_not_paid_on_a_click(world: World) -> None:
    await world.owner.set_approval("click")
    token = await world.token(await world.new_card())
    decision = world.device.decision(await world.introspected(token), world.clock.now_ms())
    lied_to = {**decision.wire(), "claimed": {**decision.claimed.wire(), "origin": "https://cheap.example"}, "mismatches": ["origin"]}
    click = world.device.sign(Decision.model_validate(lied_to), passkey=False)
    assert (await refused(world, token, click)).body["code"] == "passkey_required"
    honest = await world.token(await world.new_card())
    routine = world.device.decision(await world.introspected(honest), world.clock.now_ms())
    assert (await world.broker.redeem(honest, world.device.sign(routine, passkey=False))).status == 200, "a routine purchase stays a click"


async def test_the_agent_cannot_approve_for_the_person(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    decision = chain.world.device.decision(offer.facts, chain.world.clock.now_ms(), releaseId=offer.release_id)
    own = chain.world.device.sign(decision).wire()
    for path in ("redeem", f"releases/{offer.release_id}/approve", "outcomes"):
        reply = await chain.world.issuer.call("POST", f"/v1/{path}", chain.world.agent_token, {"signed": own})
        assert reply.status in (403, 404, 405)
    assert "broker:token:redeemed" not in chain.world.issuer.names()
    await chain.browser.deny(offer.release_id)
    assert (await asyncio.wait_for(waiting, 10)).outcome == "denied"
