"""The engine's scan beside DuckDuckGo's, each page's both in one isolated world of it, in turn.

Theirs is measured from their repository's ``dist/autofill-debug.js`` (or ``autofill.js``), which is named and not part of ours.
Of it only the scanner is started: what finds inputs, groups them into forms and decides what each is. It also decorates the
inputs, as it does at work; taking the decoration off is not counted. It gives up on pages with very many inputs, as it does at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.async_api import Error, Page, async_playwright

from broker.core.errors import LedgerError
from broker.formlab.browser import FLAGS, sandbox_flags
from broker.formlab.pages import LabelledPage
from broker.formlab.run import Advance, BuiltExtension
from broker.formlab.serve import serve_pages
from broker.install.browsers import chromium_path

ROUNDS = 5
_LONGEST_LOAD_MS = 30_000
# Their bundle is one closed function whose last part starts everything: the scanner is taken out before that.
_START = "  // src/autofill.js\n  (() => {"
_OPENED = "  globalThis.theirs = { createDevice, createScanner };\n  (() => { return;"
_MEASURE = """
(rounds) => {
  const { createDevice, createScanner } = globalThis.theirs;
  const device = createDevice();
  const toggles = ["inputType_credentials", "inputType_identities", "inputType_creditCards", "emailProtection", "password_generation"];
  device.settings.setFeatureToggles(Object.fromEntries(toggles.map((name) => [name, true])));
  device.settings.setAvailableInputTypes({ credentials: {}, identities: {}, creditCards: {} });
  let [ours, theirs] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    ours = Math.min(ours, globalThis.ledgerosForms.timing(document, 1).scan);
    const scanner = createScanner(device, { initialDelay: 0 });
    const start = performance.now();
    scanner.findEligibleInputs(document);
    theirs = Math.min(theirs, performance.now() - start);
    scanner.forms.forEach((form) => form.destroy());
  }
  return { ours, theirs };
}
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """Milliseconds for all pages that loaded, the fastest round of each."""

    pages: int
    ours: float
    theirs: float


async def measure_beside(folder: Path, pages: list[LabelledPage], extension: BuiltExtension, bundle: Path, advance: Advance) -> Beside:
    """Scan every page with both; raises a `LedgerError` where `bundle` is not theirs."""
    script = _script(extension.folder / "forms.js", bundle)
    times = []
    async with async_playwright() as playwright, serve_pages(folder) as base:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, *sandbox_flags()])
        try:
            page = await browser.new_page()
            for labelled in pages:
                answer = await _on(page, f"{base}/{quote(labelled.path)}", script)
                if answer is not None:
                    times.append(answer)
                advance()
        finally:
            await browser.close()
    if not times:
        raise LedgerError(400, "not_the_bundle", "Their scanner ran on no page.", "Name dist/autofill-debug.js.")
    return Beside(len(times), sum(answer["ours"] for answer in times), sum(answer["theirs"] for answer in times))


def _script(engine: Path, bundle: Path) -> str:
    text = bundle.read_text(encoding="utf-8")
    if _START not in text:
        raise LedgerError(400, "not_the_bundle", f"{bundle} is not the bundle that is known.", "Name dist/autofill-debug.js.")
    return f"{text.replace(_START, _OPENED)};\n{engine.read_text(encoding='utf-8')};\n0"


async def _on(page: Page, url: str, script: str) -> Any:
    session = await page.context.new_cdp_session(page)
    try:
        await page.goto(url, timeout=_LONGEST_LOAD_MS)
        tree = await session.send("Page.getFrameTree")
        world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "beside"})
        where = {"contextId": world["executionContextId"], "returnByValue": True}
        await session.send("Runtime.evaluate", {"expression": script, **where})
        answer = await session.send("Runtime.evaluate", {"expression": f"({_MEASURE})({ROUNDS})", **where})
        return answer["result"].get("value")
    except Error:
        return None
    finally:
        await session.detach()
