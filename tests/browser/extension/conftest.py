"""A real Chromium with the built extension, its real native messaging host, a test peer and a shop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright

from broker.install.browsers import chromium_path
from broker.install.extension_build import build_extension, exclusive_build, extension_id
from broker.native_host.launcher import HOST_NAME, HostConfig, write_launcher
from broker.pki.profile import Roles
from tests.browser.extension import shop
from tests.browser.extension.peer import BROKER_ID, Peer

EXTENSION_ID = extension_id()
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def built_extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension as it is now: somebody's next build empties the folder first."""
    built = build_extension(lambda words: None)
    with exclusive_build():
        return Path(shutil.copytree(built, tmp_path_factory.mktemp("extension") / "built"))


@dataclass
class Browser:
    """Everything one test needs."""

    context: BrowserContext
    peer: Peer
    shop: str

    async def popup(self) -> Page:
        """The popup's page in a tab of its own."""
        page = await self.context.new_page()
        await page.set_viewport_size({"width": 360, "height": 560})
        await page.goto(f"chrome-extension://{EXTENSION_ID}/popup.html")
        return page

    async def options(self, section: str = "") -> Page:
        page = await self.context.new_page()
        await page.goto(f"chrome-extension://{EXTENSION_ID}/options.html{section}")
        return page

    async def open_shop(self, path: str = "/") -> Page:
        page = await self.context.new_page()
        await page.goto(self.shop + path)
        return page

    async def open_at(self, origin: str, path: str = "/") -> Page:
        """The shop's page `path` at an `origin` of the internet, which is not asked."""
        html = shop.document(shop.PAGES[path])
        await self.context.route(origin + path, lambda route: route.fulfill(content_type="text/html", body=html))
        page = await self.context.new_page()
        await page.goto(origin + path)
        return page

    async def pair(self) -> None:
        page = await self.popup()
        await page.get_by_label("Pairing code").fill(self.peer.pairing_code)
        await page.get_by_role("button", name="Pair").click()
        await asyncio.wait_for(self.peer.online.wait(), 15)
        await page.close()

    async def enrol(self, *, passkey: bool = False) -> Authenticator | None:
        """Enrol; with a passkey, its authenticator stays on the options page, which then stays open."""
        page = await self.options("#passkeys")
        await page.bring_to_front()
        authenticator = await Authenticator.on(page) if passkey else None
        await page.get_by_label("Enrolment code").fill(self.peer.enrolment_code)
        await page.get_by_label("Also add a passkey").set_checked(passkey)
        await page.get_by_role("button", name="Enrol").click()
        await page.get_by_text("✓ Enrolled").wait_for()
        if not passkey:
            await page.close()
        return authenticator


class Authenticator:
    """A virtual authenticator on one page that verifies its user. It belongs to that page: `moved` gives another page its passkeys."""

    def __init__(self, session: CDPSession, name: str) -> None:
        self._session = session
        self._name = name

    @classmethod
    async def on(cls, page: Page) -> Authenticator:
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
        return cls(session, str(added["authenticatorId"]))

    async def moved(self, page: Page) -> Authenticator:
        there = await Authenticator.on(page)
        held = await self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._name})
        for credential in held["credentials"]:
            await there._session.send("WebAuthn.addCredential", {"authenticatorId": there._name, "credential": credential})
        return there


@asynccontextmanager
async def chromium(
    extension: Path, profile: Path, peer: Peer, shop_origin: str, *, display: str | None = None, beside: Sequence[Path] = ()
) -> AsyncIterator[Browser]:
    """Chromium on `profile`, with a native messaging host that leads to `peer`.

    With a window on the X `display` if one is named; `beside` are further extensions.
    """
    config = HostConfig(
        port_file=str(peer.port_file),
        ca_file=str(peer.pki.ca_file),
        cert_file=str(peer.pki.certificate_file(Roles.HOST_CLIENT)),
        key_file=str(peer.pki.key_file(Roles.HOST_CLIENT)),
        broker_id=BROKER_ID,
    )
    hosts = profile / "NativeMessagingHosts"
    hosts.mkdir(parents=True, exist_ok=True)
    manifest = write_launcher(peer.folder / "host", config, [EXTENSION_ID])
    (hosts / f"{HOST_NAME}.json").write_text(json.dumps(manifest))
    loaded = ",".join(map(str, (extension, *beside)))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile,
            headless=False,
            executable_path=chromium_path(),
            args=[
                *(FLAGS if display is None else FLAGS[1:]),
                f"--load-extension={loaded}",
                f"--disable-extensions-except={loaded}",
            ],
            env={**os.environ, **({} if display is None else {"DISPLAY": display})},
            no_viewport=display is not None,
        )
        context.set_default_timeout(15_000)
        yield Browser(context, peer, shop_origin)
        await context.close()


@pytest.fixture
async def shop_origin() -> AsyncIterator[str]:
    runner = web.AppRunner(shop.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://shop.localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def browser(built_extension: Path, shop_origin: str, tmp_path: Path) -> AsyncIterator[Browser]:
    """A fresh browser, paired with nobody."""
    peer = Peer(tmp_path)
    await peer.start()
    async with chromium(built_extension, tmp_path / "profile", peer, shop_origin) as browser:
        yield browser
    await peer.stop()


@pytest.fixture(scope="session")
def enrolled(built_extension: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Peer]:
    """A profile that was paired and enrolled once, and the peer that knows it."""
    folder = tmp_path_factory.mktemp("enrolled")

    async def make() -> Peer:
        peer = Peer(folder)
        await peer.start()
        async with chromium(built_extension, folder / "profile", peer, "") as browser:
            await browser.pair()
            await browser.enrol()
        await peer.stop()
        return peer

    with ThreadPoolExecutor(1) as pool:  # a loop of its own: this fixture outlives each test's
        return folder / "profile", pool.submit(asyncio.run, make()).result()


@pytest.fixture
async def ready(built_extension: Path, enrolled: tuple[Path, Peer], shop_origin: str, tmp_path: Path) -> AsyncIterator[Browser]:
    """Paired and enrolled, approvals by a click."""
    profile, known = enrolled
    shutil.copytree(
        profile, tmp_path / "profile", ignore=shutil.ignore_patterns("Singleton*", "Cache", "Code Cache", "GPUCache", "*ShaderCache")
    )
    peer = Peer(tmp_path, known)
    await peer.start()
    async with chromium(built_extension, tmp_path / "profile", peer, shop_origin) as browser:
        await asyncio.wait_for(peer.online.wait(), 30)
        yield browser
    await peer.stop()
