"""Approval first: a person decides on an intent, then the agent fetches the token, and a fill that came to nothing takes another."""

from __future__ import annotations

import asyncio
from typing import Any

from broker.protocol.channel import Deliver, Offer, Result, Withdrawn
from broker.protocol.decision import SignedDecision
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import ORIGIN, new_token, refuse
from tests.api.broker.harness import Stack
from tests.api.broker.waiting import eventually


async def approved(stack: Stack, **changes: Any) -> tuple[Browser, str, Offer, SignedDecision]:
    """A release on an intent that a person approved."""
    browser = await stack.browser()
    intent_id = stack.ledger.intend()
    status, asked = await stack.ask("POST", "/v1/releases", {"intentId": intent_id, "pageUrl": ORIGIN + "/pay"})
    assert (status, asked["status"], asked["intentId"]) == (201, "pending", intent_id), asked
    offer = await browser.expect(Offer)
    waiting = asyncio.create_task(stack.ask("GET", f"/v1/releases/{asked['id']}?wait=20"))
    signed = await browser.approve(offer, **changes)
    _, release = await waiting
    assert release["status"] == "approved", "the wait ends when it is the agent's turn"
    assert "/token" in release["nextStep"]
    return browser, asked["id"], offer, signed


async def give(stack: Stack, release_id: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
    return await stack.ask("POST", f"/v1/releases/{release_id}/token", {"detailsToken": token or new_token()})


async def ended(stack: Stack, release_id: str) -> dict[str, Any]:
    return (await stack.ask("GET", f"/v1/releases/{release_id}?wait=20"))[1]


async def test_the_token_comes_after_the_approval(stack: Stack) -> None:
    browser, release_id, _, signed = await approved(stack)
    assert stack.ledger.called("redeem") == []
    assert (signed.decision.token_hash, signed.decision.intent_id) == (None, stack.ledger.called("introspect")[0]["intentId"])
    status, taken = await give(stack, release_id)
    assert (status, taken["status"]) in ((200, "approved"), (200, "filling"))
    await browser.fill(await browser.expect(Deliver), signed)
    assert (await ended(stack, release_id))["outcome"] == "filled"
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    report = stack.ledger.called("outcomes")[0]
    assert (report["accessEventId"], report["intentId"]) == ("evt_1", signed.decision.intent_id)


async def test_a_token_is_taken_only_when_it_is_wanted(stack: Stack) -> None:
    browser = await stack.browser()
    _, by_token = await stack.ask("POST", "/v1/releases", {"detailsToken": stack.ledger.mint(card_id="card_9")})
    assert (await give(stack, by_token["id"]))[0] == 409
    await browser.deny((await browser.expect(Offer)).release_id)
    assert (await give(stack, "rel_none"))[0] == 404
    _, release_id, _, _ = await approved(stack)
    replies = await asyncio.gather(give(stack, release_id), give(stack, release_id))
    assert sorted(status for status, _ in replies) == [200, 409]
    await eventually(lambda: len(stack.ledger.called("redeem")) == 1)


async def test_exactly_one_of_token_and_intent(stack: Stack) -> None:
    for body in ({}, {"detailsToken": stack.ledger.mint(), "intentId": stack.ledger.intend()}):
        assert (await stack.ask("POST", "/v1/releases", body))[0] == 400


async def test_the_approval_ends_with_the_decision(stack: Stack) -> None:
    _, release_id, _, _ = await approved(stack, expires_at=stack.clock.now_ms() + 60_000)
    stack.clock.advance(61)
    await stack.broker.releases.sweep()
    release = await ended(stack, release_id)
    assert release["outcome"] == "expired"
    assert (await give(stack, release_id))[0] == 409
    assert stack.ledger.called("redeem") == []


async def test_the_window_of_a_token_that_came_to_nothing_is_closed_at_once(stack: Stack) -> None:
    browser, release_id, _, _ = await approved(stack)
    await give(stack, release_id)
    await browser.expect(Deliver)
    await browser.report(release_id, Outcome.PAGE_CHANGED)
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    assert (await ended(stack, release_id))["status"] == "approved", "closed before the approval is over"


async def test_a_window_that_could_not_be_closed_is_closed_when_the_approval_ends(stack: Stack) -> None:
    browser, release_id, _, _ = await approved(stack, expires_at=stack.clock.now_ms() + 60_000)
    stack.ledger.answer("windows/close", {}, status=503)
    await give(stack, release_id)
    await browser.expect(Deliver)
    await browser.report(release_id, Outcome.PAGE_CHANGED)
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    del stack.ledger.answers["windows/close"]
    stack.clock.advance(61)
    await stack.broker.releases.sweep()
    assert (await ended(stack, release_id))["outcome"] == "expired"
    await eventually(lambda: len(stack.ledger.called("outcomes")) == 2)
    first, second = stack.ledger.called("windows/close")
    assert first == second == {"accessEventId": stack.ledger.called("outcomes")[0]["accessEventId"]}


async def test_an_approval_lasts_a_quarter_of_an_hour_at_most(stack: Stack) -> None:
    _, release_id, _, _ = await approved(stack)
    assert (await ended(stack, release_id))["expiresAt"] == stack.clock.now_ms() + 15 * 60_000


async def test_when_nothing_reached_the_page_another_token_is_enough(stack: Stack) -> None:
    browser, release_id, _, signed = await approved(stack)
    for attempt in (1, 2):
        await give(stack, release_id)
        await browser.expect(Deliver)
        await browser.report(release_id, Outcome.PAGE_CHANGED)
        release = await ended(stack, release_id)
        assert (release["status"], release["outcome"]) == ("approved", "page_changed"), attempt
    await give(stack, release_id)
    await browser.fill(await browser.expect(Deliver), signed)
    assert (await ended(stack, release_id))["outcome"] == "filled"
    order = [path for path, _ in stack.ledger.calls if path in ("redeem", "outcomes")]
    assert order.index("outcomes") < len(order) - 1 - order[::-1].index("redeem"), "LedgerOS knows of the failure before the next redeem"
    assert (await stack.events()).count("person:release:approved") == 1


async def test_three_tokens_are_the_most(stack: Stack) -> None:
    browser, release_id, _, _ = await approved(stack)
    for _ in range(3):
        assert (await give(stack, release_id))[0] == 200
        await browser.expect(Deliver)
        await browser.report(release_id, Outcome.PAGE_CHANGED)
        await browser.settled()
    assert (await ended(stack, release_id))["status"] == "finished"
    assert (await give(stack, release_id))[0] == 409


async def test_a_value_on_the_page_is_the_end(stack: Stack) -> None:
    browser, release_id, _, _ = await approved(stack)
    await give(stack, release_id)
    await browser.expect(Deliver)
    await browser.send(Result(release_id=release_id, outcome=Outcome.FIELD_REJECTED, fields=("number",), failed=("expiry",)))
    assert (await ended(stack, release_id))["status"] == "finished"


async def test_a_token_that_ledgeros_does_not_take_costs_no_approval(stack: Stack) -> None:
    browser, release_id, _, signed = await approved(stack)
    stack.ledger.answers["redeem"] = lambda: refuse(410, "expired", "The token is expired.")
    await give(stack, release_id)
    release = await ended(stack, release_id)
    assert (release["status"], release["outcome"]) == ("approved", "expired")
    del stack.ledger.answers["redeem"]
    await give(stack, release_id)
    await browser.fill(await browser.expect(Deliver), signed)
    assert (await ended(stack, release_id))["outcome"] == "filled"


async def test_stopped_before_the_token_redeems_nothing(stack: Stack) -> None:
    browser, release_id, _, signed = await approved(stack)
    await browser.stop(release_id)
    await browser.settled()
    assert (await ended(stack, release_id))["outcome"] == "stopped"
    assert (await give(stack, release_id))[0] == 409
    assert stack.ledger.called("redeem") == stack.ledger.called("windows/close") == []
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    assert stack.ledger.called("outcomes")[0]["intentId"] == signed.decision.intent_id


async def test_one_unfinished_release_an_intent(stack: Stack) -> None:
    await stack.browser()
    body = {"intentId": stack.ledger.intend(), "origin": ORIGIN}
    first, again = [(await stack.ask("POST", "/v1/releases", body))[1] for _ in range(2)]
    assert first["id"] == again["id"]


async def test_a_decision_on_another_intent_is_refused(stack: Stack) -> None:
    browser = await stack.browser()
    for changes in ({"intent_id": "int_other"}, {"token_hash": "AAAA"}):
        await stack.ask("POST", "/v1/releases", {"intentId": stack.ledger.intend()})
        await browser.approve(await browser.expect(Offer), **changes)
        assert (await browser.expect(Withdrawn)).outcome == "internal_error"
    assert [facts["reason"] for facts in await stack.event_facts("extension:message:refused")] == ["other_intent_id", "other_token_hash"]
