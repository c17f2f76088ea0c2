"""The watch lives as long as its release, and what it cannot see it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.extension.peer import SURROGATE, now_ms
from tests.browser.interception.merchant import Say
from tests.browser.interception.world import Paying, put_away

PAY = "() => fetch('/pay', { method: 'POST', body: number() }).then(() => 'answered', () => 'failed')"


async def watched(paying: Paying) -> bool:
    """Whether the extension still watches something."""
    popup = await paying.browser.popup()
    stored = await popup.evaluate(
        "async () => Object.keys(await chrome.storage.session.get()).filter((key) => key.startsWith('watched:')).length"
    )
    await popup.close()
    return bool(stored)


async def until_unwatched(paying: Paying) -> None:
    async with asyncio.timeout(10):
        while await watched(paying):
            pass


async def test_after_the_end_nothing_is_paused(paying: Paying) -> None:
    page = await paying.armed()
    paying.withdraw("swap_not_seen", "The approval ended.")
    await until_unwatched(paying)
    assert await page.evaluate(PAY) == "answered"
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]
    assert paying.egress.sends == []


async def test_a_request_in_hand_at_the_end_fails_and_never_goes_out(paying: Paying) -> None:
    page = await paying.armed()
    paying.egress.hold.clear()
    answer = asyncio.create_task(page.evaluate(PAY))
    await asyncio.wait_for(paying.egress.asked.wait(), 10)
    paying.withdraw("may_have_been_charged", "The connection broke after the payment was sent.")
    assert await answer == "failed"
    assert paying.merchant.paid == []


async def test_a_release_that_ends_with_the_answer_lets_the_page_have_it(paying: Paying) -> None:
    page = await paying.armed()
    ended = paying.peer.egress
    assert ended is not None

    async def pays_and_ends(message: dict[str, Any], say: Say) -> None:
        await paying.egress(message, say)
        paying.withdraw()

    paying.peer.egress = pays_and_ends
    try:
        assert await page.evaluate(PAY) == "answered"
    finally:
        paying.peer.egress = ended
    await until_unwatched(paying)


async def test_a_lost_channel_fails_what_was_sent(paying: Paying) -> None:
    page = await paying.armed()
    paying.egress.hold.clear()
    answer = asyncio.create_task(page.evaluate(PAY))
    await asyncio.wait_for(paying.egress.asked.wait(), 10)
    link = paying.peer.link
    assert link is not None
    link.writer.transport.abort()
    assert await answer == "failed"
    assert paying.merchant.paid == []
    await asyncio.wait_for(link.gone.wait(), 15)
    await asyncio.wait_for(paying.peer.online.wait(), 15)


async def stop_worker(paying: Paying, page: Page) -> None:
    link = paying.peer.link
    assert link is not None
    session = await paying.browser.context.new_cdp_session(page)
    await session.send("ServiceWorker.enable")
    await session.send("ServiceWorker.stopAllWorkers")
    await asyncio.wait_for(link.gone.wait(), 15)
    await asyncio.wait_for(paying.peer.online.wait(), 15)


async def test_a_restarted_worker_ends_the_payment_and_leaves_the_tab_alone(paying: Paying) -> None:
    page = await paying.armed()
    popup = await paying.browser.popup()
    await stop_worker(paying, popup)
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "restarted" in result["detail"]
    assert await page.evaluate(PAY) == "answered"
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]


async def test_a_request_that_a_restarted_worker_had_sent_fails(paying: Paying) -> None:
    page = await paying.armed()
    popup = await paying.browser.popup()
    paying.egress.hold.clear()
    answer = asyncio.create_task(page.evaluate(PAY))
    await asyncio.wait_for(paying.egress.asked.wait(), 10)
    await stop_worker(paying, popup)
    assert await answer == "failed"
    await put_away(popup)
    await expect(popup.get_by_text("May have been charged").first).to_be_visible()


async def test_a_stand_in_over_a_socket_is_said(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate(
        """() => new Promise((done) => { const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
        socket.onopen = () => socket.send(number()); socket.onmessage = done; })"""
    )
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "WebSocket" in result["detail"]
    assert paying.merchant.socket == [SURROGATE]


async def test_a_stand_in_over_a_socket_that_was_there_before_is_said(paying: Paying) -> None:
    page = await paying.browser.open_shop("/")
    await page.evaluate(
        """() => new Promise((done) => { window.socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
        socket.onopen = done; })"""
    )
    await paying.arm(page)
    await page.evaluate("() => new Promise((done) => { socket.onmessage = done; socket.send(number()); })")
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "sent the stand-in over a WebSocket" in result["detail"]


async def test_a_payment_with_a_file_from_the_disk_goes_out_with_the_stand_in_and_is_said(paying: Paying, tmp_path: Path) -> None:
    file = tmp_path / "order.txt"
    file.write_text("two boxes of pens")
    page = await paying.armed()
    await page.evaluate("document.querySelector('form').insertAdjacentHTML('beforeend', '<input type=file name=order>')")
    await page.set_input_files("[name=order]", file)
    await page.evaluate(
        """() => { const form = document.querySelector("form"); form.method = "post"; form.action = "/pay";
        form.enctype = "multipart/form-data"; form.requestSubmit(); }"""
    )
    await page.wait_for_url("**/pay")
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "file from the disk" in result["detail"]


async def test_a_file_without_the_stand_in_ends_nothing(paying: Paying, tmp_path: Path) -> None:
    file = tmp_path / "photo.bin"
    file.write_bytes(bytes(range(256)))
    page = await paying.armed()
    await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input type=file name=photo>')")
    await page.set_input_files("[name=photo]", file)
    await page.evaluate(
        "() => { const body = new FormData(); body.append('photo', document.querySelector('[name=photo]').files[0]);"
        " return fetch('/photo', { method: 'POST', body }); }"
    )
    assert await page.evaluate(PAY) == "answered"
    assert [got.number for got in paying.merchant.paid] == ["real"]


async def test_a_request_that_is_too_large_is_said(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate("fetch('/pay', { method: 'POST', body: number() + ' '.repeat(4_100_000) })")
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "larger than 4 MB" in result["detail"]
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]


async def test_a_tab_that_was_opened_is_named_when_nothing_else_was_seen(paying: Paying) -> None:
    page = await paying.browser.open_shop("/")
    await paying.arm(page, expires_at=now_ms() + 6_000)
    async with paying.browser.context.expect_page():
        await page.evaluate("() => void window.open('/elsewhere')")
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "A tab was opened" in result["detail"]


async def test_a_shared_worker_is_named_when_nothing_else_was_seen(paying: Paying) -> None:
    page = await paying.browser.open_shop("/")
    await page.evaluate(
        """() => new Promise((done) => { window.worker = new SharedWorker("/shared.js"); worker.port.onmessage = ({ data }) => done(data);
        worker.port.postMessage("4111111000801111"); })"""
    )
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]
    await paying.arm(page, expires_at=now_ms() + 6_000)
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "shared worker" in result["detail"]


async def test_a_tab_that_is_closed_ends_the_release(paying: Paying) -> None:
    page = await paying.armed()
    await page.close()
    assert (await paying.expect("result"))["outcome"] == "tab_closed"
