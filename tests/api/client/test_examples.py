"""The examples that need no browser of their own: curl, and a tool for browser-use."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from broker.client import LedgerOS
from broker.protocol.channel import Offer
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.client.harness import Till

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = ORIGIN + "/checkout"


async def run_curl(till: Till) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        "sh", str(EXAMPLES / "curl_pay.sh"), str(till.write_configuration()), "card_1", PAGE, "5000", "Paper for the office",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complaints.decode()
    assert not [secret for secret in till.secrets if secret in (printed + complaints).decode()]
    return printed.decode().splitlines()


async def test_curl_fills_a_checkout(till: Till) -> None:
    browser = await till.approving_browser()
    assert await run_curl(till) == ["filled", "The checkout form was filled.", "Submit the form in the page."]
    await browser
    assert till.ledger.details[0]["intentId"] == next(iter(till.ledger.intents))


async def test_curl_hears_a_denial(till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(run_curl(till))
    await browser.deny((await browser.expect(Offer, 30)).release_id)
    assert (await paying)[0] == "denied"
    assert till.ledger.tokens == []


class RecordingTools:
    """What a framework keeps of a registered tool."""

    def __init__(self) -> None:
        self.pay: Callable[..., Awaitable[str]]
        self.description = ""

    def action(self, description: str) -> Callable[[Callable[..., Awaitable[str]]], Any]:
        self.description = description

        def keep(function: Callable[..., Awaitable[str]]) -> None:
            self.pay = function

        return keep


class Session:
    """The framework's browser, which shows one page."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def get_current_page_url(self) -> str:
        return self.url


async def test_a_tool_pays_on_the_page_that_the_browser_shows(till: Till) -> None:
    spec = importlib.util.spec_from_file_location("browser_use_tool", EXAMPLES / "browser_use_tool.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    tools, browser = RecordingTools(), await till.approving_browser()
    async with LedgerOS(till.configuration) as ledgeros:
        example.add_payment_tool(tools, ledgeros, card="card_1")
        said = await tools.pay(amount=5_000, purpose="Paper", browser_session=Session(PAGE))
        offer = next(message for message in (await browser).received if isinstance(message, Offer))
        assert said == "filled: The checkout form was filled. Next: Submit the form in the page."
        assert offer.page_url == PAGE
        assert (await tools.pay(amount=5_000, purpose="Paper", browser_session=Session("about:blank"))).startswith("Not paid")
    assert "never see" in tools.description


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
