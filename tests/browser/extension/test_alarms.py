"""An alarm about a details token reaches the person, also one who looks at nothing of ours."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import now_ms
from tests.browser.extension.steps import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TWICE = "A details token was presented twice."
BROUGHT = "An agent presented a details token that another agent had brought; nothing was released to it."


def alarm(at: int, kind: str = "replayed", message: str = TWICE) -> dict[str, Any]:
    return {"at": at, "kind": kind, "last4": "4242", "message": message}


def status(ready: Browser, **alarms: dict[str, Any]) -> None:
    ready.peer.send({"type": "status", "issuerReachable": True, "enrolled": True, "organisationName": "Acme", **alarms})


async def badge(popup: Page, text: str) -> None:
    """The toolbar button says `text`."""
    await until(popup, "chrome.action.getBadgeText({})", text)


async def notes(popup: Page, *names: str) -> None:
    """These notifications are up, and no others."""
    await until(popup, "chrome.notifications.getAll().then((all) => Object.keys(all).sort())", list(names))


async def test_a_token_alarm_is_shown_until_the_person_has_seen_it(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    shown = popup.get_by_role("region", name="Alarm")
    await expect(popup.get_by_text("Connected")).to_be_visible()
    at = now_ms()
    status(ready, alarm=alarm(at))
    await expect(shown).to_contain_text(f"just now · card ·· 4242: {TWICE}")
    await expect(shown.get_by_role("link", name="Look in the dashboard")).to_have_attribute("href", "https://ledger.example")
    ready.peer.offer(ready.shop, "rel_1")
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    await expect(shown).to_be_visible()
    await shown.get_by_role("button", name="Seen").click()
    await expect(shown).to_have_count(0)
    again = await ready.popup()
    status(ready, alarm=alarm(at))
    await expect(again.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    await expect(again.get_by_role("region", name="Alarm")).to_have_count(0)
    status(ready, alarm=alarm(at + 1))
    await expect(again.get_by_role("region", name="Alarm")).to_be_visible()


async def test_a_person_who_looks_at_nothing_of_ours_is_told_of_an_alarm_once(ready: Browser) -> None:
    popup = await ready.popup()
    await popup.get_by_text("Connected").wait_for()
    await notes(popup)
    at = now_ms()
    status(ready, alarm=alarm(at))
    await badge(popup, "!")
    await notes(popup, "alarm-replayed")
    await popup.evaluate("chrome.notifications.clear('alarm-replayed')")  # the person wipes it away unread
    status(ready, alarm=alarm(at), ownAlarm=alarm(at, "another_agent", BROUGHT))
    await notes(popup, "alarm-another_agent")  # the first does not come back; the button still says that something is there
    await badge(popup, "!")


async def test_a_click_on_the_notification_brings_the_alarm_up(ready: Browser) -> None:
    popup = await ready.popup()
    await popup.get_by_text("Connected").wait_for()
    status(ready, alarm=alarm(now_ms()))
    await notes(popup, "alarm-replayed")
    worker = ready.context.service_workers[0]
    async with ready.context.expect_page() as opened:
        await worker.evaluate("chrome.notifications.onClicked.dispatch('alarm-replayed')")
    window = await opened.value
    await window.get_by_role("button", name="Seen").click()
    await badge(popup, "")
    await notes(popup)


async def test_an_alarm_is_told_beside_what_waits(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    status(ready, alarm=alarm(now_ms()))
    await badge(popup, "!")
    ready.peer.offer(ready.shop)
    await badge(popup, "1!")


async def test_the_brokers_own_alarm_stands_beside_ledgeross(ready: Browser) -> None:
    popup = await ready.popup()
    await popup.get_by_text("Connected").wait_for()
    shown = popup.get_by_role("region", name="Alarm")
    status(ready, alarm=alarm(now_ms()), ownAlarm=alarm(now_ms() + 1, "another_agent", BROUGHT))
    await expect(shown).to_contain_text(TWICE)
    await expect(shown).to_contain_text(BROUGHT)
    await expect(shown).to_contain_text("ledgeros events list --of broker")
    await shown.get_by_role("button", name="Seen").first.click()
    await expect(shown).not_to_contain_text(BROUGHT)
    await expect(shown).to_contain_text(TWICE)
