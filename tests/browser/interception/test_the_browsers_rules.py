"""What the browser forbids a page of another site's answer, it forbids of a payment's answer too."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.async_api import Frame

from tests.api.broker.waiting import eventually
from tests.browser.extension.peer import SURROGATE
from tests.browser.interception.world import Paying

READ = """([url, how, body]) => fetch(url, { method: "POST", body, ...how })
    .then(async (answer) => [answer.type, await answer.text(), answer.headers.get("x-own")], () => "failed")"""
SEND_INTO_FRAME = """([action, body]) => { const form = document.createElement("form"), field = document.createElement("input");
    Object.assign(form, { method: "post", action, target: "inner", hidden: true });
    Object.assign(field, { name: "number", value: body }); form.append(field); document.body.append(form); form.submit(); }"""
HARMLESS = "nothing of a card"


@pytest.mark.parametrize(
    ("path", "how", "expected"),
    [
        ("/pay/closed", {}, "failed"),
        ("/pay/closed", {"mode": "no-cors"}, ["opaque", "", None]),
        ("/pay/closed", {"mode": "same-origin"}, "failed"),
        ("/pay/open", {"credentials": "include"}, "failed"),
        ("/pay/open", {}, ["cors", "anybody may", None]),
    ],
)
async def test_a_page_reads_of_another_sites_answer_what_that_site_lets_it(
    paying: Paying, path: str, how: dict[str, str], expected: object
) -> None:
    page = await paying.armed()
    for body in (HARMLESS, SURROGATE):
        assert await page.evaluate(READ, [paying.processor + path, how, body]) == expected, body
    assert len(paying.egress.sends) == (0 if "same-origin" in how.values() else 1)


def _is_refused(frame: Frame) -> bool:
    return frame.url.startswith("chrome-error:")


async def test_an_answer_that_wants_no_frame_is_in_none(paying: Paying) -> None:
    page = await paying.armed()
    paid: list[str | None] = []
    for body, number in ((HARMLESS, None), (SURROGATE, "real")):
        frame = page.frame("inner")
        assert frame is not None
        await frame.goto("about:blank")  # where the answer before it was refused, the next refusal would be there already
        await page.evaluate(SEND_INTO_FRAME, [paying.processor + "/pay/unframed", body])
        paid.append(number)
        await eventually(lambda: [got.number for got in paying.merchant.paid] == paid)
        await eventually(partial(_is_refused, frame))


async def test_a_payment_is_not_asked_for_first(paying: Paying) -> None:
    """A limit that README.md states: the browser makes no preflight for a request that is answered here."""
    page = await paying.armed()
    headers = {"headers": {"X-Shop": "1"}}
    await page.evaluate(READ, [paying.processor + "/pay", headers, HARMLESS])
    assert paying.merchant.asked_first == ["/pay"]
    await page.evaluate(READ, [paying.processor + "/pay", headers, SURROGATE])
    assert paying.merchant.asked_first == ["/pay"]
    assert [got.number for got in paying.merchant.paid] == [None, "real"]
