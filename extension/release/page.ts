/** Looking at and writing into one document, by its documentId: a page that has gone cannot be reached by mistake. */
import type { Checkout, FieldResult, FillAnswer, Look } from "../forms/checkout";
import type { CardValues } from "../forms/values";
import { nonce } from "../protocol/canonical";
import type { Credentials } from "../protocol/sealing";
import type { Target } from "./release";
import { framesOf, tabExists } from "./tabs";

const SCRIPT = "/checkout.js";
const at = (tabId: number, documentId: string) => ({ tabId, documentIds: [documentId] });

// These run in the page's isolated world: they may use nothing from here but their arguments.
type World = { ledgerosCheckout?: Checkout };
const lookThere = (nonce: string, currency: string) => (globalThis as World).ledgerosCheckout?.look(nonce, currency) ?? null;
const unchangedThere = (nonce: string) => (globalThis as World).ledgerosCheckout?.unchanged(nonce) ?? false;
const fillThere = (nonce: string, origin: string, card: CardValues) =>
  (globalThis as World).ledgerosCheckout?.fill(nonce, origin, card) ?? null;
const settleThere = async (nonce: string) => (await (globalThis as World).ledgerosCheckout?.settle(nonce)) ?? null;

// Many checkouts draw their form after the page has loaded.
const LOOKS = 8;
const BETWEEN_LOOKS_MS = 250;

/** The tab's card form and amount in `currency`, or null when none appears within two seconds. */
export async function findForm(tabId: number, currency: string): Promise<Target | null> {
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    const frames = await framesOf(tabId);
    const look = nonce();
    const seen = frames && (await lookAt(tabId, frames.documentId, look, currency));
    if (frames && seen?.fields.includes("number")) return { tabId, ...frames, look, fields: seen.fields, pageAmount: seen.pageAmount };
  }
  return null;
}

async function lookAt(tabId: number, documentId: string, nonce: string, currency: string): Promise<Look | null> {
  try {
    const target = at(tabId, documentId);
    await chrome.scripting.executeScript({ target, files: [SCRIPT], injectImmediately: true });
    const [answer] = await chrome.scripting.executeScript({ target, func: lookThere, args: [nonce, currency], injectImmediately: true });
    return answer?.result ?? null;
  } catch {
    return null;
  }
}

/** Whether the document still is as it was when it was looked at. */
export async function stillThere(target: Target): Promise<boolean> {
  try {
    const [answer] = await chrome.scripting.executeScript({
      target: at(target.tabId, target.documentId),
      func: unchangedThere,
      args: [target.look],
      injectImmediately: true,
    });
    return answer?.result === true;
  } catch {
    return false;
  }
}

export type Filled = { kind: "filled"; fields: string[]; failed: string[] } | { kind: "tab_closed" | "origin_changed" | "page_changed" };

/** Write the card into exactly the fields that were looked at, or nothing. It is still being opened while the tab is looked at. */
export async function fillIn(target: Target, opening: Promise<Credentials>): Promise<Filled> {
  const [frames, credentials] = await Promise.all([framesOf(target.tabId), opening]);
  if (frames?.documentId !== target.documentId) return { kind: await whatChanged(target, frames?.origin ?? null) };
  if (frames.origin !== target.origin) return { kind: "origin_changed" };
  const card: CardValues = {
    number: credentials.pan,
    securityCode: credentials.cvv,
    month: credentials.expirationMonth,
    year: credentials.expirationYear,
    name: credentials.cardholderName,
  };
  let answer: FillAnswer | null = null;
  try {
    const [injected] = await chrome.scripting.executeScript({
      target: at(target.tabId, target.documentId),
      func: fillThere,
      args: [target.look, target.origin, card],
      injectImmediately: true,
    });
    answer = injected?.result ?? null;
  } catch {
    // The document went away before the script ran: nothing was written.
  }
  if (!answer) return { kind: await whatChanged(target, (await framesOf(target.tabId))?.origin ?? null) };
  if (!answer.written) return { kind: answer.reason };
  const fields = (await settled(target)) ?? answer.fields;
  const named = (kept: boolean) => fields.filter((field) => field.kept === kept).map(({ kind }) => kind);
  return { kind: "filled", fields: named(true), failed: named(false) };
}

// What holds after the page's own code has run; null when the document went away meanwhile, and what was written stands.
async function settled(target: Target): Promise<FieldResult[] | null> {
  try {
    const [answer] = await chrome.scripting.executeScript({
      target: at(target.tabId, target.documentId),
      func: settleThere,
      args: [target.look],
      injectImmediately: true,
    });
    return answer?.result ?? null;
  } catch {
    return null;
  }
}

async function whatChanged(target: Target, origin: string | null): Promise<"tab_closed" | "origin_changed" | "page_changed"> {
  if (!(await tabExists(target.tabId))) return "tab_closed";
  return origin === target.origin ? "page_changed" : "origin_changed";
}
