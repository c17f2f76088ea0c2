"""Pairing, enrolment and the channel, through the real native messaging host."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import expect

from broker.core.canonical import b64u, digest, unb64u
from broker.issuer.brokers.devices import passkey_challenge
from broker.issuer.brokers.webauthn_check import verify_registration
from broker.protocol.issuer_api import EnrolDevice, PasskeyRegistration
from broker.protocol.proof import new_code
from broker.protocol.sealing import key_id
from tests.browser.extension.conftest import EXTENSION_ID, Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_the_extension_has_the_id_that_hosts_are_installed_for(browser: Browser) -> None:
    workers = browser.context.service_workers or [await browser.context.wait_for_event("serviceworker")]
    assert workers[0].url.startswith(f"chrome-extension://{EXTENSION_ID}/")


async def test_pairing_pins_both_sides(browser: Browser) -> None:
    popup = await browser.popup()
    await popup.get_by_label("Pairing code").fill(browser.peer.pairing_code.lower())
    await popup.get_by_role("button", name="Pair").click()
    await asyncio.wait_for(browser.peer.online.wait(), 15)
    await expect(popup.get_by_text("Connected")).to_be_visible()
    pins = await popup.evaluate("chrome.storage.local.get('pins').then(({ pins }) => pins)")
    assert pins["broker"]["key"] == b64u(browser.peer.key.public_key().public_bytes_raw())


async def test_a_wrong_code_pairs_nothing(browser: Browser) -> None:
    popup = await browser.popup()
    await popup.get_by_label("Pairing code").fill(new_code())
    await popup.get_by_role("button", name="Pair").click()
    await expect(popup.get_by_text("This is not the broker's code")).to_be_visible()
    assert browser.peer.device_key is None


async def test_a_broker_that_does_not_know_the_code_is_not_pinned(browser: Browser) -> None:
    def lie(message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "proof": b64u(b"x" * 32)} if message["type"] == "paired" else message

    browser.peer.alter = lie
    popup = await browser.popup()
    await popup.get_by_label("Pairing code").fill(browser.peer.pairing_code)
    await popup.get_by_role("button", name="Pair").click()
    await expect(popup.get_by_text("not your broker")).to_be_visible()
    assert await popup.evaluate("chrome.storage.local.get('pins')") == {}


async def test_the_channel_comes_back_after_the_broker_did(ready: Browser) -> None:
    popup = await ready.popup()
    await ready.peer.stop()
    await expect(popup.get_by_text("The broker is not running. Start it with ledgeros up.")).to_be_visible()
    await ready.peer.start()
    await asyncio.wait_for(ready.peer.online.wait(), 15)
    await expect(popup.get_by_text("Connected")).to_be_visible()


async def test_another_key_under_the_same_id_is_refused(ready: Browser) -> None:
    popup = await ready.popup()
    await ready.peer.stop()
    ready.peer.key = Ed25519PrivateKey.generate()
    await ready.peer.start()
    await expect(popup.get_by_text("Another broker answers than the one you paired.")).to_be_visible()
    assert not ready.peer.online.is_set()


async def test_a_broker_that_forgot_this_browser_asks_for_pairing(ready: Browser) -> None:
    popup = await ready.popup()
    await ready.peer.stop()
    ready.peer.device_key = "other"
    await ready.peer.start()
    await expect(popup.get_by_text("The broker no longer knows this browser.")).to_be_visible()
    await expect(popup.get_by_role("link", name="Pair again")).to_be_visible()


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ([2, 3], "This extension is older than the broker, and they do not understand each other. Run ledgeros install, then click Reload"),
        ([0], "The broker is older than this extension, and they do not understand each other. Update LedgerOS, then start it again"),
    ],
)
async def test_the_side_that_must_be_updated_is_named(ready: Browser, versions: list[int], words: str) -> None:
    def skewed(message: dict[str, Any]) -> dict[str, Any]:
        return {"type": "skew", "versions": versions, "brokerVersion": "9.9"} if message["type"] == "welcome" else message

    popup = await ready.popup()
    await ready.peer.stop()
    ready.peer.alter = skewed
    await ready.peer.start()
    await expect(popup.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("attack", ["replayed", "reordered", "altered"])
async def test_a_bad_frame_closes_the_connection(ready: Browser, attack: str) -> None:
    link = ready.peer.link
    assert link is not None
    first, second = link.frame({"type": "ping"}), link.frame({"type": "ping"})
    if attack == "replayed":
        link.write(first)
        link.write(first)
    elif attack == "reordered":
        link.write(second)
    else:
        link.write({**first, "more": True})
    await asyncio.wait_for(link.gone.wait(), 15)
    await asyncio.wait_for(ready.peer.online.wait(), 15)
    assert ready.peer.link is not link


async def test_enrolment_pins_what_ledgeros_proved(ready: Browser) -> None:
    page = await ready.options()
    pins = await page.evaluate("chrome.storage.local.get('pins').then(({ pins }) => pins)")
    assert pins["issuer"]["issuerKey"] == b64u(ready.peer.issuer_key.public_key().public_bytes_raw())
    assert pins["passkeys"] == []


async def test_an_enrolment_answer_without_its_proof_is_refused(browser: Browser) -> None:
    await browser.pair()
    browser.peer.enrolment_code = new_code()
    page = await browser.options()
    original = browser.peer._enrol

    def lie(message: dict[str, Any]) -> dict[str, Any]:
        answer = original(message)
        answer["answer"]["issuerKey"] = b64u(browser.peer.key.public_key().public_bytes_raw())
        return answer

    browser.peer._enrol = lie  # type: ignore[method-assign]
    await page.get_by_label("Enrolment code").fill(browser.peer.enrolment_code)
    await page.get_by_label("Also add a passkey").uncheck()
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.get_by_text("The answer is not LedgerOS's")).to_be_visible()


async def test_an_enrolment_passkey_is_bound_to_code_and_key(browser: Browser) -> None:
    await browser.pair()
    await browser.enrol(passkey=True)
    enrolled = browser.peer.enrolled
    assert enrolled is not None
    client_data = json.loads(unb64u(enrolled["passkey"]["clientDataJson"]))
    bound = {"codeId": enrolled["codeId"], "nonce": enrolled["nonce"], "signingKey": enrolled["signingKey"]}
    assert client_data["challenge"] == b64u(digest("ledgeros/enrolment-passkey/v1", bound))
    assert client_data["origin"] == f"chrome-extension://{EXTENSION_ID}"


async def test_the_options_page_shows_the_whole_keys_that_verify_a_receipt(browser: Browser) -> None:
    """The passkey's comes from its authenticator and not from LedgerOS, which enrols the same bytes."""
    await browser.pair()
    await browser.enrol(passkey=True)
    peer, enrolled = browser.peer, browser.peer.enrolled
    assert enrolled is not None
    challenge = passkey_challenge(EnrolDevice.read(enrolled))
    passkey = verify_registration(PasskeyRegistration.read(enrolled["passkey"]), challenge, f"chrome-extension://{EXTENSION_ID}")
    keys = {
        "Signing key": unb64u(enrolled["signingKey"]), "Sealing key": unb64u(enrolled["sealingKey"]), "Passkey": passkey.public_key,
        "Broker's key": peer.key.public_key().public_bytes_raw(), "LedgerOS's key": peer.issuer_key.public_key().public_bytes_raw(),
    }  # fmt: skip
    about = (await browser.options()).locator("#about")
    await about.get_by_text("Whole public keys").click()
    for words, key in keys.items():
        named, whole = await about.locator("dt", has_text=re.compile(f"^{words}$")).locator("xpath=following-sibling::dd").all()
        await expect(named.get_by_role("button", name=f"Copy {words}")).to_have_attribute("title", key_id(key))
        await expect(whole).to_have_text(b64u(key))
        await expect(whole).to_be_visible()


async def test_a_missing_host_is_named_with_its_cure(browser: Browser, tmp_path: Any) -> None:
    (tmp_path / "profile" / "NativeMessagingHosts" / "so.ledger.broker.json").unlink()
    popup = await browser.popup()
    await popup.get_by_label("Pairing code").fill(browser.peer.pairing_code)
    await popup.get_by_role("button", name="Pair").click()
    await expect(popup.get_by_text("✕ The LedgerOS broker is not installed for this browser. Run ledgeros install")).to_be_visible()


async def test_a_page_cannot_reach_the_extension(ready: Browser) -> None:
    page = await ready.open_shop()
    reached = await page.evaluate(
        f"""async () => {{
          const fetched = await fetch("chrome-extension://{EXTENSION_ID}/popup.html").then(() => true, () => false);
          const messages = typeof chrome !== "undefined" && Boolean(chrome.runtime?.sendMessage);
          return [fetched, messages];
        }}"""
    )
    assert reached == [False, False]


async def test_a_content_script_gets_no_answer_from_the_worker(ready: Browser) -> None:
    await ready.open_shop()
    worker = ready.context.service_workers[0]
    answer = await worker.evaluate(
        """async () => {
          const [tab] = (await chrome.tabs.query({})).filter(({ url }) => url?.startsWith("http://shop."));
          const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: () => new Promise((resolve) => {
            const port = chrome.runtime.connect({ name: "page" });
            port.onMessage.addListener(() => resolve("answered"));
            port.onDisconnect.addListener(() => resolve("refused"));
          }) });
          return result;
        }"""
    )
    assert answer == "refused"
