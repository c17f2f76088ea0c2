"""A merchant that never answers, never ends, or answers without measure: page, person and agent get an outcome all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from broker.client import Outcome
from broker.egress.settings import Limits
from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome
from tests.adversary.surrogate_stack import Answer, Hostile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("adversary-surrogate"),
    pytest.mark.asyncio(loop_scope="session"),
]

FETCH = """() => fetch("/pay", { method: "POST", body: new URLSearchParams(new FormData(document.forms[0])) })
    .then(() => "answered", () => "failed")"""
PIECE = b"<p>Thank you, and wait.</p>" * 2_000


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def in_drops(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    while True:
        await answer.write(b".")
        await asyncio.sleep(0.2)


async def without_measure(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    while True:
        await answer.write(PIECE)


async def announced(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "9000000"})
    await answer.prepare(request)
    await answer.write(PIECE)
    return answer


MISBEHAVIOUR: dict[str, tuple[Answer, EgressOutcome]] = {
    "never": (never, EgressOutcome.MERCHANT_TIMEOUT),
    "in drops": (in_drops, EgressOutcome.MERCHANT_TIMEOUT),
    "without measure": (without_measure, EgressOutcome.RESPONSE_TOO_LARGE),
    "larger than can be shown": (announced, EgressOutcome.RESPONSE_TOO_LARGE),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_impatient(shared_hostile: Hostile) -> AsyncIterator[None]:
    """The egress with a merchant's time cut short; its other limits are those that ship."""
    stage = shared_hostile.world.stage
    await stage.children["egress"].stop()
    await shared_hostile.surrogate.start(Limits(idle=3, total=6))
    yield
    await stage.children["egress"].stop()
    await shared_hostile.surrogate.start()


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_a_merchant_that_does_not_answer_as_it_should_ends_as_possibly_charged(
    hostile: Hostile, shared_impatient: None, how: str
) -> None:
    answer, expected = MISBEHAVIOUR[how]
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    hostile.merchant.answer = answer
    async with hostile.world.person.popup() as popup:
        assert await paying.page.evaluate(FETCH) == "failed"
        text = await popup.wait_for_text("May have been charged")
    ended = await paying.ended()
    assert ended.outcome is Outcome.MAY_HAVE_BEEN_CHARGED
    assert ended.message == EGRESS_MEANINGS[expected].sentence
    assert "before paying again" in (ended.next_step or "")
    assert EGRESS_MEANINGS[expected].sentence in text
    assert hostile.merchant.bodies_with(paying.number) == ["shop.localhost/pay"], "and so it may"
