/**
 * Playwright and LedgerOS: buy what a checkout page shows, in the browser that a person has open.
 *
 *     node playwright_checkout.mts agent.json card_… http://127.0.0.1:9222 https://shop.example/checkout 4990
 *
 * The browser has the LedgerOS extension, is paired, and runs with --remote-debugging-port.
 */

import { LedgerOS, type Payment } from "@ledgeros/client";
import { chromium, type Page } from "playwright-core";

/** Have the checkout that `page` shows filled, and submit it. */
export async function buy(page: Page, ledgeros: LedgerOS, card: string, amount: number): Promise<Payment> {
  const payment = await ledgeros.pay({ pageUrl: page.url(), card, amount, purpose: "Notebooks for the office" });
  if (!payment.ready) return payment;
  await page.getByRole("button", { name: "Pay" }).click();
  await page.locator("#outcome").waitFor();
  return ledgeros.settled(payment);
}

const [config, card, browserAddress, checkout, amount] = process.argv.slice(2) as [string, string, string, string, string];
const ledgeros = LedgerOS.fromFile(config);
const browser = await chromium.connectOverCDP(browserAddress);
try {
  const page = await browser.contexts()[0]!.newPage();
  await page.goto(checkout);
  const payment = await buy(page, ledgeros, card, Number(amount));
  console.log([payment.code, payment.sentence, payment.nextStep].join("\n"));
  if (payment.filled || payment.paid) console.log(await page.locator("#outcome").innerText());
} finally {
  await browser.close(); // lets go of the connection; the person's browser stays open
  ledgeros.close();
}
