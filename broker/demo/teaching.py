"""The person teaches a shop: ``ledgeros teach`` in a terminal, and a payment with a number that is worth nothing in its browser."""

from __future__ import annotations

from pathlib import Path

from broker.core.errors import LedgerError
from broker.demo.hands import hands, type_card
from broker.demo.stage import OpenShop, Stage
from broker.demo.terminal import Terminal, browser_script
from broker.install.browsers import chromium_path
from broker.protocol.surrogate import Surrogate

_GIVEN = r"((?:\d{4} ){3}\d{4}), security code (\d{3})"


async def teach(stage: Stage, shop: OpenShop, url: str, folder: Path) -> str:
    """Teach the shop at `url`, confirming what is asked; all that the terminal said. `LedgerError` when nothing was taught."""
    extension = hands(folder)
    browser = browser_script(folder / "browser", _command(stage, shop, extension))
    async with Terminal(["--state", str(stage.state.path), "teach", url, "--browser", str(browser)]) as terminal:
        given = await terminal.reads(_GIVEN)
        type_card(extension, Surrogate(number=given[1].replace(" ", ""), security_code=given[2]))
        await terminal.reads(r"may the real number go there from now on\? \[y/N\]: ")
        terminal.types("y")
        if await terminal.ends():
            raise LedgerError(500, "not_taught", f"Nothing was taught: {terminal.said.strip()[-600:]}")
        return terminal.said


def _command(stage: Stage, shop: OpenShop, extension: Path) -> list[str]:
    trusted = ",".join([shop.spki, *stage.trusted_keys])
    window = [] if stage.look.headed else ["--headless=new", "--disable-gpu"]
    return [chromium_path(), *window, f"--load-extension={extension}", f"--ignore-certificate-errors-spki-list={trusted}"]
