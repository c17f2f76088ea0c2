"""Where a run plays: its folders, the processes it started, and their end in reverse order."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from broker.demo.browser import Look, ShoppingBrowser, launch_shopping_browser
from broker.demo.processes import START_SECONDS, Child, start, wait_for_file
from broker.demo.shops.acquirer import ShopSettings
from broker.demo.shops.kinds import Kind
from broker.demo.shops.origins import Origins
from broker.egress.settings import Limits
from broker.install import egress
from broker.install.certificates import initialise
from broker.install.extension_build import built_extension, exclusive_build
from broker.install.layout import StateFolder, clone_root
from broker.install.native_messaging import register_host

_READY_SECONDS = START_SECONDS
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenShop:
    """The running shops: the default one's origin, the key hash by which Chromium accepts them, their certificate authority."""

    origin: str
    spki: str
    ca: str

    def at(self, kind: Kind) -> str:
        """The origin of the shop of one kind."""
        return Origins(_port(self.origin)).of(kind.shop_host)


class Stage:
    """One run in its own folder, on free ports; use as an asynchronous context manager."""

    def __init__(self, folder: Path, look: Look) -> None:
        self.folder = folder
        self.look = look
        self.state = StateFolder(folder / "state")
        self.logs = folder / "logs"
        self.screenshots = folder / "screenshots"
        self.transcript = folder / "agent-transcript.jsonl"
        self.hands = folder / "hands"
        self.children: dict[str, Child] = {}
        self.trusted_keys: list[str] = []
        """SPKI hashes that Chromium accepts, beside the shops'."""
        self.trusted_authorities: list[str] = []
        """Certificate authorities, as PEM, that the egress accepts, beside the shops'."""
        self._issuer_ports = (0, 0)

    async def __aenter__(self) -> Self:
        for folder in (self.folder, self.logs, self.screenshots):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stack = AsyncExitStack()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()
        for child in reversed(self.children.values()):
            await child.stop()

    async def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        """Enter `context`; it is left when the run ends."""
        return await self._stack.enter_async_context(context)

    def make_certificates(self) -> None:
        """CA and leaves of this run."""
        initialise(self.state)

    async def start_issuer(self) -> dict[str, Any]:
        """Start LedgerOS on free ports, or again on the ports it had; returns its endpoints."""
        public, broker = self._issuer_ports
        command = ["--state", str(self.state.path), "issuer", "run", "--port", str(public), "--broker-port", str(broker)]
        await self._serve("issuer", command, self.state.issuer / "endpoints.json")
        endpoints = self.state.issuer_endpoints()
        self._issuer_ports = (_port(endpoints["publicUrl"]), _port(endpoints["brokerUrl"]))
        return endpoints

    async def start_broker(self) -> dict[str, Any]:
        """Start the broker; returns its endpoints."""
        await self._serve("broker", ["--state", str(self.state.path), "broker", "run", "--port", "0"], self.state.broker / "endpoints.json")
        return self.state.broker_endpoints()

    async def _serve(self, name: str, command: list[str], ready: Path) -> None:
        ready.unlink(missing_ok=True)
        child = await start(name, ["broker.cli", *command], self.logs / f"{name}.log")
        self.children[name] = child
        await wait_for_file(child, ready)

    async def start_shop(self, acquirer_key: str) -> OpenShop:
        """Start the shops with their acquirer's key."""
        settings = ShopSettings(self.state.issuer_endpoints()["publicUrl"], acquirer_key, str(self.state.pki.ca_file))
        first_line = {"issuer_url": settings.issuer_url, "acquirer_key": settings.acquirer_key, "ca_file": settings.ca_file}
        child = await start("shop", ["broker.demo.shop"], self.logs / "shop.log", first_line)
        self.children["shop"] = child
        return OpenShop(**await child.read_json(_READY_SECONDS))

    async def start_egress(self, shop: OpenShop, limits: Limits | None = None) -> str:
        """Start the egress, or again, in sandbox mode: it reaches this machine and trusts the shops; returns its key id."""
        authorities = self.state.egress / "merchants.pem"
        authorities.parent.mkdir(mode=0o700, exist_ok=True)
        authorities.write_text("".join([shop.ca, *self.trusted_authorities]))
        egress.write_settings(self.state, sandbox=True, extra_ca=authorities, limits=limits)
        child = await start("egress", ["broker.egress", str(self.state.egress / egress.SETTINGS)], self.logs / "egress.log", {})
        self.children["egress"] = child
        return str((await child.read_json(_READY_SECONDS))["keyId"])

    async def start_agent(self, task: dict[str, Any]) -> Child:
        """Start the agent with its task."""
        child = await start("agent", ["broker.demo.agent"], self.logs / "agent.log", task)
        self.children["agent"] = child
        return child

    async def open_browser(self, shop: OpenShop) -> ShoppingBrowser:
        """Chromium with the extension and the host manifest, on this run's profile."""
        extension, profile = self.folder / "extension", self.folder / "profile"
        if not extension.exists():
            await asyncio.to_thread(_copy_extension, extension)
        register_host(self.state, profile)
        playwright = await self.enter(async_playwright())
        browser = await launch_shopping_browser(playwright, profile, extension, [shop.spki, *self.trusted_keys], self.look)
        self._stack.push_async_callback(browser.context.close)
        return browser

    def forget_secrets(self) -> None:
        """Remove everything but logs and screenshots."""
        for path in (self.state.path, self.folder / "profile", self.folder / "extension", self.hands):
            shutil.rmtree(path, ignore_errors=True)
        self.transcript.unlink(missing_ok=True)


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _copy_extension(target: Path) -> None:
    # A copy: another instance may rebuild the original while this one runs.
    with exclusive_build():
        shutil.copytree(built_extension(), target)


def new_run_folder() -> Path:
    """``.ledgeros/demo-<id>`` in the clone."""
    return clone_root() / ".ledgeros" / f"demo-{secrets.token_hex(4)}"
