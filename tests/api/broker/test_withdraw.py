"""The agent takes a request back: everything up to the moment in which the sealed card is in a browser, nothing after it."""

from __future__ import annotations

import asyncio
from typing import Any

from broker.agent_api import AgentDirectory
from broker.core.ids import IdFactory
from broker.protocol.channel import Approve, Deliver, Offer, Withdrawn
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import ORIGIN, new_token
from tests.api.broker.harness import Stack
from tests.api.broker.waiting import eventually


async def withdraw(stack: Stack, release_id: str) -> tuple[int, dict[str, Any]]:
    return await stack.ask("DELETE", f"/v1/releases/{release_id}")


async def asked(stack: Stack, **body: Any) -> dict[str, Any]:
    return (await stack.ask("POST", "/v1/releases", {"origin": ORIGIN, **(body or {"detailsToken": stack.ledger.mint()})}))[1]


async def approved_on_intent(stack: Stack, browser: Browser) -> str:
    release = await asked(stack, intentId=stack.ledger.intend())
    await browser.approve(await browser.expect(Offer))
    await browser.settled()
    return str(release["id"])


async def test_a_pending_request_is_taken_back_and_the_person_asked_no_more(stack: Stack) -> None:
    browser = await stack.browser()
    release = await asked(stack)
    offer = await browser.expect(Offer)
    status, ended = await withdraw(stack, release["id"])
    assert (status, ended["status"], ended["outcome"]) == (200, "finished", "withdrawn")
    told = await browser.expect(Withdrawn)
    assert (told.release_id, told.outcome) == (offer.release_id, Outcome.WITHDRAWN)
    await browser.approve(offer)
    await browser.settled()
    assert stack.ledger.called("redeem") == []
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    assert stack.ledger.called("outcomes")[0]["outcome"] == "withdrawn"
    assert (await stack.event_facts("agent:release:withdrawn"))[0]["releaseId"] == release["id"]


async def test_the_card_is_free_for_another_request(stack: Stack) -> None:
    browser = await stack.browser()
    first = await asked(stack)
    await browser.expect(Offer)
    await withdraw(stack, first["id"])
    second = await asked(stack)
    assert (await browser.expect(Offer)).release_id == second["id"]
    assert second["status"] == "pending"


async def test_an_approval_that_waits_for_its_token_is_taken_back(stack: Stack) -> None:
    browser = await stack.browser()
    release_id = await approved_on_intent(stack, browser)
    assert (await withdraw(stack, release_id))[1]["outcome"] == "withdrawn"
    status, refused = await stack.ask("POST", f"/v1/releases/{release_id}/token", {"detailsToken": new_token()})
    assert (status, refused["code"]) == (409, "no_token_wanted")
    assert (await browser.expect(Withdrawn)).release_id == release_id
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    assert (stack.ledger.called("redeem"), stack.ledger.called("windows/close")) == ([], [])


async def test_after_the_delivery_it_is_too_late(stack: Stack) -> None:
    browser = await stack.browser()
    release = await asked(stack)
    signed = await browser.approve(await browser.expect(Offer))
    deliver = await browser.expect(Deliver)
    status, refused = await withdraw(stack, release["id"])
    assert (status, refused["code"]) == (409, "too_late")
    await browser.fill(deliver, signed)
    await browser.settled()
    assert (await withdraw(stack, release["id"]))[0] == 409
    assert (await stack.ask("GET", f"/v1/releases/{release['id']}"))[1]["outcome"] == "filled"


async def test_while_ledgeros_redeems_nothing_is_delivered_and_the_window_closed(stack: Stack) -> None:
    browser = await stack.browser()
    release = await asked(stack)
    stack.ledger.pause = asyncio.Event()
    signed = await browser.approve(await browser.expect(Offer))
    await eventually(lambda: bool(stack.ledger.called("redeem")))
    assert (await withdraw(stack, release["id"]))[1]["outcome"] == "withdrawn"
    stack.ledger.pause.set()
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    assert stack.ledger.called("windows/close") == [{"accessEventId": signed.decision.access_event_id, "releaseId": None}]
    assert not [message for message in browser.received if isinstance(message, Deliver)]


async def test_a_card_that_waits_for_a_browser_which_went_away_is_never_delivered(stack: Stack) -> None:
    browser = await stack.browser()
    release = await asked(stack)
    stack.ledger.pause = asyncio.Event()
    await browser.send(Approve(release_id=release["id"], signed=browser.decide(await browser.expect(Offer))))
    await eventually(lambda: bool(stack.ledger.called("redeem")))
    await browser.disconnect()
    desk = stack.broker.releases._desk
    await eventually(lambda: _nobody_connected(stack))
    stack.ledger.pause.set()
    await eventually(lambda: desk.live[release["id"]].deliver is not None)
    assert (await withdraw(stack, release["id"]))[1]["outcome"] == "withdrawn"
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    browser.received.clear()
    await browser.connect(stack.broker.channel_port)
    await browser.settled()
    assert not [message for message in browser.received if isinstance(message, Deliver)]


async def test_what_ledgeros_was_being_asked_about_it_is_told_of_all_the_same(stack: Stack) -> None:
    await stack.browser()
    token = stack.ledger.mint()
    stack.ledger.pause = asyncio.Event()
    asking = asyncio.create_task(asked(stack, detailsToken=token))
    await eventually(lambda: bool(stack.ledger.called("introspect")))
    (release,) = (await stack.ask("GET", "/v1/releases"))[1]["data"]
    assert (await withdraw(stack, release["id"]))[1]["outcome"] == "withdrawn"
    stack.ledger.pause.set()
    assert (await asking)["outcome"] == "withdrawn"
    await eventually(lambda: bool(stack.ledger.called("outcomes")))
    (report,) = stack.ledger.called("outcomes")
    assert (report["outcome"], report["accessEventId"]) == ("withdrawn", stack.ledger.tokens[token].access_event_id)
    assert (await stack.event_facts("issuer:token:introspected"))[0]["releaseId"] == release["id"]
    assert (await stack.ask("GET", f"/v1/releases/{release['id']}"))[1]["last4"] is not None


async def _nobody_connected(stack: Stack) -> bool:
    return not await stack.broker.releases._desk.courier.connected()


async def test_a_token_that_came_to_nothing_leaves_no_window_behind(stack: Stack) -> None:
    browser = await stack.browser()
    release_id = await approved_on_intent(stack, browser)
    await stack.ask("POST", f"/v1/releases/{release_id}/token", {"detailsToken": new_token()})
    await browser.expect(Deliver)
    await browser.report(release_id, Outcome.PAGE_CHANGED)
    await browser.settled()
    assert (await withdraw(stack, release_id))[1]["outcome"] == "withdrawn"
    await eventually(lambda: bool(stack.ledger.called("windows/close")) and len(stack.ledger.called("outcomes")) == 2)
    assert [report["outcome"] for report in stack.ledger.called("outcomes")] == ["page_changed", "withdrawn"]
    event = stack.ledger.called("outcomes")[0]["accessEventId"]
    assert stack.ledger.called("windows/close") == [{"accessEventId": event, "releaseId": None}]


async def test_twice_is_once_and_another_agents_release_is_not_there(stack: Stack) -> None:
    await stack.browser()
    release = await asked(stack)
    directory = AgentDirectory(stack.broker.database, stack.clock, IdFactory(stack.clock))
    other = (await asyncio.to_thread(directory.add, "other")).credential
    own, stack.credential = stack.credential, other
    assert (await withdraw(stack, release["id"]))[0] == 404
    stack.credential = own
    both = await asyncio.gather(withdraw(stack, release["id"]), withdraw(stack, release["id"]))
    assert {status for status, _ in both} <= {200, 409}
    assert (await withdraw(stack, release["id"]))[1]["outcome"] == "withdrawn"
    assert (await withdraw(stack, "rel_none"))[0] == 404
    assert (await stack.events()).count("agent:release:withdrawn") == 1


async def test_a_denied_request_cannot_be_taken_back(stack: Stack) -> None:
    browser = await stack.browser()
    release = await asked(stack)
    await browser.deny((await browser.expect(Offer)).release_id)
    await browser.settled()
    assert (await withdraw(stack, release["id"]))[1]["code"] == "too_late"


async def test_who_asks_and_takes_back_again_and_again_waits_between(stack: Stack) -> None:
    browser = await stack.browser()
    for _ in range(2):
        release = await asked(stack)
        await browser.expect(Offer)
        await withdraw(stack, release["id"])
    slowed = await asked(stack)
    assert (slowed["outcome"], slowed["retryAt"]) == ("refused_by_rule", stack.clock.now_ms() + 30_000)
    assert "pause_after_withdrawals" in slowed["message"]
    stack.clock.advance(30)
    assert (await asked(stack))["status"] == "pending"
