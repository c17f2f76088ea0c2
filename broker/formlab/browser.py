"""A Chromium with the built extension, asked through one of the extension's own pages.

The engine answers from the isolated world, by the same script injection that fills; the page under test sees
nothing of it, and no page of the web can ask.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from broker.demo.browser import sandboxed
from broker.install.browsers import chromium_path

FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=en-US",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # saved pages call home
)  # fmt: skip

_LONGEST_LOAD_MS = 30_000

# Runs in the extension's page: loads `url` in a tab of the lab, injects the engine, calls one of its functions there.
# An event of the page before may come late, so the address is asked too.
_ASK = """
async ({tab, address, strip, call, argument, limit}) => {
  const url = new URL(address).href;  // as the browser writes it
  const loaded = new Promise((resolve, reject) => {
    const end = (finish) => { chrome.tabs.onUpdated.removeListener(listen); finish(); };
    const listen = (id, change, now) => {
      if (id === tab && now.status === "complete" && now.url === url) end(resolve);
    };
    chrome.tabs.onUpdated.addListener(listen);
    setTimeout(() => end(() => reject(new Error("the page did not load: " + url))), limit);
  });
  await chrome.tabs.update(tab, {url});
  await loaded;
  const target = {tabId: tab};
  await chrome.scripting.executeScript({target, files: ["/forms.js"], injectImmediately: true});
  const [answer] = await chrome.scripting.executeScript({
    target, injectImmediately: true, args: [url, strip, call, argument],
    func: (url, strip, call, argument) => {
      if (location.href !== url) throw new Error("the page went elsewhere: " + url);
      const lab = globalThis.ledgerosForms;
      if (strip) lab.stripAutocomplete(document);
      return lab[call](document, argument);
    },
  });
  return answer.result;
}
"""

# A tab that is still on its way to its empty page may lose what it is sent to meanwhile.
_NEW_TAB = """
async () => {
  const {id} = await chrome.tabs.create({url: "about:blank", active: false});
  while ((await chrome.tabs.get(id)).status !== "complete") await new Promise((resolve) => setTimeout(resolve, 20));
  return id;
}
"""


class Lab:
    """One extension page and one tab that it loads pages into."""

    def __init__(self, page: Page, tab: int) -> None:
        self._page = page
        self._tab = tab

    async def ask(self, url: str, call: str, *, strip: bool, argument: int = 0) -> Any:
        """Load `url` and answer what the engine's `call` says there; `strip` removes autocomplete attributes first."""
        question = {"tab": self._tab, "address": url, "strip": strip, "call": call, "argument": argument, "limit": _LONGEST_LOAD_MS}
        return await self._page.evaluate(_ASK, question)


@asynccontextmanager
async def open_labs(extension: Path, extension_id: str, count: int) -> AsyncIterator[list[Lab]]:
    """`count` labs in one Chromium with a fresh profile."""
    arguments = [*FLAGS, *sandbox_flags(), f"--load-extension={extension}", f"--disable-extensions-except={extension}"]
    with tempfile.TemporaryDirectory(prefix="formlab-") as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile, executable_path=chromium_path(), headless=False, args=arguments
            )
            try:
                yield [await _open_lab(await context.new_page(), extension_id) for _ in range(count)]
            finally:
                await context.close()


def sandbox_flags() -> tuple[str, ...]:
    """What Chromium needs to start where it can have no sandbox."""
    return () if sandboxed() else ("--no-sandbox",)


async def _open_lab(page: Page, extension_id: str) -> Lab:
    await page.goto(f"chrome-extension://{extension_id}/options.html")
    return Lab(page, await page.evaluate(_NEW_TAB))
