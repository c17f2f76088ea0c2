"""The examples that need no browser of their own: curl, and a tool for browser-use."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broker.client import LedgerOS
from broker.protocol.channel import DeliverSurrogate, Offer, Ready
from broker.protocol.sealing import key_id
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.broker.shopping import Shopping, shopping
from tests.api.client.harness import PublicLedger, Till

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = ORIGIN + "/checkout"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shopping]:
    """A broker with an egress and a merchant: payments are in surrogate mode."""
    async with shopping(tmp_path / "shop") as running:
        yield running


@pytest.fixture
async def surrogate_till(shop: Shopping, tmp_path: Path) -> AsyncIterator[Till]:
    keys = (key_id(shop.egress.public_key),)
    async with PublicLedger(shop.stack.ledger, egress_keys=keys).running() as ledger:
        yield Till(shop.stack, ledger, tmp_path)


async def fill_with_stand_ins(shop: Shopping) -> str:
    """The person approves, and the form holds stand-ins."""
    offer = await shop.browser.expect(Offer, 40)
    await shop.approve(offer)
    delivered = await shop.browser.expect(DeliverSurrogate, 20)
    await shop.browser.send(Ready(release_id=delivered.release_id, fields=("number", "securityCode")))
    return delivered.release_id


async def start_curl(till: Till) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "sh", str(EXAMPLES / "curl_pay.sh"), str(till.write_configuration()), "card_1", PAGE, "5000", "Paper for the office",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def run_curl(till: Till) -> list[str]:
    return await curl_says(till, await start_curl(till))


async def curl_says(till: Till, process: asyncio.subprocess.Process) -> list[str]:
    printed, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complaints.decode()
    assert not [secret for secret in till.secrets if secret in (printed + complaints).decode()]
    return printed.decode().splitlines()


async def test_curl_fills_a_checkout(till: Till) -> None:
    browser = await till.approving_browser()
    assert await run_curl(till) == ["filled", "The checkout form was filled.", "Submit the form in the page."]
    await browser
    assert till.ledger.details[0]["intentId"] == next(iter(till.ledger.intents))


async def test_curl_says_how_a_payment_with_stand_ins_ended(surrogate_till: Till, shop: Shopping) -> None:
    curl = await start_curl(surrogate_till)
    assert curl.stdout is not None
    release_id = await fill_with_stand_ins(shop)
    assert b"stand-ins" in await curl.stdout.readline()
    assert b"Submit" in await curl.stdout.readline()
    await shop.pay(release_id)  # the agent submits the page
    assert (await curl_says(surrogate_till, curl))[0] == "submitted"


async def test_curl_hears_a_denial(till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(run_curl(till))
    await browser.deny((await browser.expect(Offer, 30)).release_id)
    assert (await paying)[0] == "denied"
    assert till.ledger.tokens == []


class RecordingTools:
    """What a framework keeps of registered tools."""

    def __init__(self) -> None:
        self.functions: dict[str, Callable[..., Awaitable[str]]] = {}
        self.descriptions: list[str] = []

    def action(self, description: str) -> Callable[[Callable[..., Awaitable[str]]], Any]:
        self.descriptions.append(description)

        def keep(function: Callable[..., Awaitable[str]]) -> None:
            self.functions[function.__name__] = function

        return keep

    async def pay(self, url: str) -> str:
        return await self.functions["pay"](amount=5_000, purpose="Paper", browser_session=Session(url))

    async def payment_ended(self) -> str:
        return await self.functions["payment_ended"]()


class Session:
    """The framework's browser, which shows one page."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def get_current_page_url(self) -> str:
        return self.url


def payment_tools(ledgeros: LedgerOS) -> RecordingTools:
    """The example's tools, as a framework registers them."""
    spec = importlib.util.spec_from_file_location("browser_use_tool", EXAMPLES / "browser_use_tool.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    tools = RecordingTools()
    example.add_payment_tools(tools, ledgeros, card="card_1")
    return tools


async def test_a_tool_pays_on_the_page_that_the_browser_shows(till: Till) -> None:
    browser = await till.approving_browser()
    async with LedgerOS(till.configuration) as ledgeros:
        tools = payment_tools(ledgeros)
        assert await tools.payment_ended() == "No payment was begun."
        said = await tools.pay(PAGE)
        offer = next(message for message in (await browser).received if isinstance(message, Offer))
        assert said == "filled: The checkout form was filled. Next: Submit the form in the page."
        assert offer.page_url == PAGE
        assert await tools.payment_ended() == said
        assert (await tools.pay("about:blank")).startswith("Not paid")
    assert "told no card number" in tools.descriptions[0]
    assert "payment_ended" in tools.descriptions[0]


async def test_a_tool_says_how_a_payment_with_stand_ins_ended(surrogate_till: Till, shop: Shopping) -> None:
    async with LedgerOS(surrogate_till.configuration) as ledgeros:
        tools = payment_tools(ledgeros)
        paying = asyncio.create_task(tools.pay(PAGE))
        release_id = await fill_with_stand_ins(shop)
        assert (await paying).startswith("ready: The form holds stand-ins")
        await shop.pay(release_id)
        assert (await tools.payment_ended()).startswith("submitted: ")


def readme_snippet() -> str:
    """The README's call of `pay`, as a newcomer copies it."""
    (code,) = re.findall(r"```python\n(from broker.client import .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(code)


async def run_snippet(till: Till) -> str:
    """Run the README's code where `agent.json` lies, with the page that an agent has open and a card of its own."""
    code = readme_snippet().replace("card_…", "card_1").replace('"agent.json"', repr(str(till.write_configuration())))
    body = "\n".join("    " + line for line in code.splitlines())
    names: dict[str, Any] = {"page": SimpleNamespace(url=PAGE)}
    exec(f"async def snippet():\n{body}", names)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        await names["snippet"]()
    return said.getvalue()


async def test_the_readmes_snippet_pays(till: Till) -> None:
    browser = await till.approving_browser()
    assert await run_snippet(till) == "filled The checkout form was filled. Submit the form in the page.\n"
    await browser
    assert till.ledger.details[0]["summary"] == "Notebooks"


async def test_the_readmes_snippet_says_why_it_did_not(till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(run_snippet(till))
    await browser.deny((await browser.expect(Offer)).release_id)
    assert await paying == "denied The person denied this release. Do not ask again for the same purchase.\n"
