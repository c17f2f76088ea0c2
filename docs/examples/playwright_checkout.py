"""Playwright and LedgerOS: buy what a checkout page shows, in the browser that a person has open.

    python playwright_checkout.py agent.json card_… http://127.0.0.1:9222 https://shop.example/checkout 4990

The browser has the LedgerOS extension, is paired, and runs with --remote-debugging-port.
"""

from __future__ import annotations

import asyncio
import sys

from playwright.async_api import Page, async_playwright

from broker.client import LedgerOS, Payment


async def buy(page: Page, ledgeros: LedgerOS, card: str, amount: int) -> Payment:
    """Have the checkout that `page` shows filled, and submit it."""
    payment = await ledgeros.pay(page_url=page.url, card=card, amount=amount, purpose="Notebooks for the office")
    if payment.ready:
        await page.get_by_role("button", name="Pay").click()
        await page.locator("#outcome").wait_for()
        payment = await ledgeros.settled(payment)
    return payment


async def main(config: str, card: str, browser_address: str, checkout: str, amount: str) -> None:
    """Open `checkout` in the browser at `browser_address` and buy."""
    async with async_playwright() as playwright, LedgerOS.from_file(config) as ledgeros:
        browser = await playwright.chromium.connect_over_cdp(browser_address)
        page = await browser.contexts[0].new_page()
        await page.goto(checkout)
        payment = await buy(page, ledgeros, card, int(amount))
        print(payment.code, payment.sentence, payment.next_step, sep="\n")
        if payment.filled or payment.paid:
            print(await page.locator("#outcome").inner_text())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
