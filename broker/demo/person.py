"""The person at the browser: pairs and enrols it, reads the popup, clicks.

Works on the extension's real pages. The passkey lives in a virtual authenticator (WebAuthn over
DevTools), which belongs to one page, so it is carried from the options page to the approval page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from broker.core.errors import LedgerError
from broker.demo.browser import ShoppingBrowser
from broker.demo.devtools import DevToolsPage, page_targets

_POPUP_SECONDS = 60.0
_READY_SECONDS = 40.0
_PRESSES = 20
_AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip

_BUTTON = """(() => {{
  const button = [...document.querySelectorAll("button")].find((b) => b.textContent.trim().startsWith({words!r}));
  if (!button || button.disabled || button.getAttribute("aria-disabled") === "true") return null;
  button.scrollIntoView({{ block: "center" }});
  const box = button.getBoundingClientRect();
  const place = {{x: box.x + box.width / 2, y: box.y + box.height / 2}};
  if (!button.contains(document.elementFromPoint(place.x, place.y))) return null;
  globalThis.heard = false;
  button.addEventListener("click", () => {{ globalThis.heard = true; }}, {{once: true}});
  return place;
}})()"""
_TEXT = "document.body.innerText"

Command = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Person:
    """Whoever sits at this browser."""

    def __init__(self, browser: ShoppingBrowser, extension_id: str) -> None:
        self._browser = browser
        self._base = f"chrome-extension://{extension_id}"
        self._passkeys: list[dict[str, Any]] = []

    def moves_to(self, browser: ShoppingBrowser) -> None:
        """The browser was started again."""
        self._browser = browser

    def leaves_passkey_at_home(self) -> None:
        """From now on there is no authenticator at the browser."""
        self._passkeys = []

    async def pair(self, code: str) -> None:
        """Type the broker's code in the options page."""
        await self._on_options_page("pairing-code", code, "Pair", "#pairing", passkey=False)

    async def enrol(self, code: str) -> None:
        """Type LedgerOS's code in the options page and add a passkey in a virtual authenticator."""
        await self._on_options_page("enrolment-code", code, "Enrol", "#enrolment", passkey=True)

    async def _on_options_page(self, field: str, code: str, button: str, section: str, *, passkey: bool) -> None:
        page = await self._browser.context.new_page()
        try:
            await page.goto(f"{self._base}/options.html")
            session = await self._browser.context.new_cdp_session(page)
            authenticator = await self._authenticator(session.send) if passkey else None
            await page.locator(f"input[name={field}]").fill(code)
            await page.locator(section).get_by_role("button", name=button).click()
            status = page.locator(f"{section} form [role=status]")
            said = await _settled(status.inner_text)
            if not said.startswith("✓"):
                raise LedgerError(500, "extension_refused", f"The extension says: {said}")
            if authenticator:
                self._passkeys = await _credentials(session.send, authenticator)
        finally:
            await page.close()

    async def wait_until_connected(self) -> None:
        """Open the popup, which makes the extension try again at once, and wait until the options page says Connected."""
        popup, options = [await self._browser.context.new_page() for _ in range(2)]
        await popup.goto(f"{self._base}/popup.html")
        await options.goto(f"{self._base}/options.html")
        await options.locator("#pairing").get_by_text("Connected").wait_for()
        await popup.close()
        await options.close()

    async def _authenticator(self, send: Command) -> str:
        await send("WebAuthn.enable", {})
        made = await send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
        name = str(made["authenticatorId"])
        for credential in self._passkeys:
            await send("WebAuthn.addCredential", {"authenticatorId": name, "credential": credential})
        return name

    @asynccontextmanager
    async def popup(self, seconds: float = _POPUP_SECONDS) -> AsyncIterator[Popup]:
        """The extension's popup or window, once it shows a request."""
        target = await self._popup_target(seconds)
        async with DevToolsPage(target["webSocketDebuggerUrl"]) as page:

            async def send(method: str, parameters: dict[str, Any]) -> dict[str, Any]:
                return await page.call(method, **parameters)

            authenticator = await self._authenticator_if_any(send)
            try:
                yield Popup(page)
            finally:
                if authenticator:
                    with suppress(ConnectionError, LedgerError):
                        self._passkeys = await _credentials(send, authenticator)

    async def _authenticator_if_any(self, send: Command) -> str | None:
        # The toolbar popup, where no passkey is asked for, has no WebAuthn over DevTools.
        if not self._passkeys:
            return None
        try:
            return await self._authenticator(send)
        except LedgerError:
            return None

    async def _popup_target(self, seconds: float) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            for target in await page_targets(self._browser.port):
                if target["url"].startswith(f"{self._base}/popup.html"):
                    return target
            await asyncio.sleep(0.05)
        raise LedgerError(500, "no_popup", "The extension's popup did not open.", "Look at the broker's log.")


class Popup:
    """What the person has in front of them."""

    def __init__(self, page: DevToolsPage) -> None:
        self.page = page

    async def text(self) -> str:
        """Everything the popup says."""
        return str(await self.page.evaluate(_TEXT))

    async def wait_until_ready(self) -> None:
        """Wait until Approve can be pressed."""
        await self.page.wait_for(_BUTTON.format(words="Approve"), _READY_SECONDS, "an active Approve button")

    async def approve(self, clicks: int = 1) -> None:
        """Click Approve as soon as it is active."""
        await self._press("Approve", clicks)

    async def choose(self, words: str) -> None:
        """Click the button that says `words`."""
        await self._press(words, 1)

    async def go_on_in_window(self) -> None:
        """Leave the toolbar's popup for a window, where a passkey can be asked for; the popup is gone then."""
        with suppress(ConnectionError):  # it may close before it has answered the click
            await self._press("Go on in a window", 1)
        await self.page.wait_until_closed(_READY_SECONDS)

    async def deny(self) -> None:
        """Click Deny."""
        await self._press("Deny", 1)

    async def wait_for_text(self, words: str, seconds: float = _READY_SECONDS) -> str:
        """Wait until the popup says `words`; returns everything it says then."""
        try:
            await self.page.wait_for(f"{_TEXT}.includes({words!r})", seconds, f"“{words}”")
        except LedgerError as error:
            raise LedgerError(error.status, error.code, f"{error.message} It says: {await self.text()}") from None
        return await self.text()

    async def _press(self, words: str, clicks: int) -> None:
        # A popup that just opened may miss a click: it grows under the pointer, and is not always painted yet. A person clicks again.
        for _ in range(_PRESSES):
            place = await self.page.wait_for(_BUTTON.format(words=words), _READY_SECONDS, f"an active button “{words}”")
            for _ in range(clicks):
                await self.page.click(place["x"], place["y"])
            if await self._heard():
                return
        raise LedgerError(500, "page", f"The button “{words}” does not hear clicks.")

    async def _heard(self) -> bool:
        try:
            return bool(await self.page.evaluate("globalThis.heard"))
        except ConnectionError:  # the click closed the popup
            return True


async def _credentials(send: Command, authenticator: str) -> list[dict[str, Any]]:
    """What the authenticator holds now: its signature counters went up, and LedgerOS notices one that goes back."""
    answer = await send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    found: list[dict[str, Any]] = answer["credentials"]
    return found


async def _settled(read: Callable[[], Awaitable[str]]) -> str:
    for _ in range(300):
        if said := (await read()).strip():
            return said
        await asyncio.sleep(0.1)
    raise LedgerError(500, "no_answer", "The extension's options page did not answer.", "Look at the broker's log.")
