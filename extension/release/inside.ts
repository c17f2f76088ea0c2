/** What the worker has done inside documents, each named by its documentId: one that has gone cannot be reached by mistake. */
import type { Checkout } from "../forms/checkout";
import type { Spot } from "../forms/hosted";
import type { FieldType } from "../forms/engine/rules";
import type { CardValues } from "../forms/values";

const SCRIPT = "/checkout.js";

// These run in the isolated world of a page or frame: they may use nothing from here but their arguments.
type World = { ledgerosCheckout?: Checkout };
export const look = (nonce: string, currency: string) => (globalThis as World).ledgerosCheckout?.look(nonce, currency) ?? null;
export const lookAtFrame = () => (globalThis as World).ledgerosCheckout?.lookAtFrame() ?? null;
export const take = (nonce: string, types: FieldType[]) => (globalThis as World).ledgerosCheckout?.take(nonce, types) ?? false;
export const shown = (spots: Spot[]) => (globalThis as World).ledgerosCheckout?.shown(spots) ?? null;
export const hold = (nonce: string, spots: Spot[], given: FieldType[]) => (globalThis as World).ledgerosCheckout?.hold(nonce, spots, given) ?? null;
export const unchanged = (nonce: string, origin: string) => (globalThis as World).ledgerosCheckout?.unchanged(nonce, origin) ?? false;
export const ready = (nonce: string, origin: string) => (globalThis as World).ledgerosCheckout?.ready(nonce, origin) ?? false;
export const fill = (nonce: string, origin: string, card: CardValues) => (globalThis as World).ledgerosCheckout?.fill(nonce, origin, card) ?? null;
export const settle = async (nonce: string) => (await (globalThis as World).ledgerosCheckout?.settle(nonce)) ?? null;
export const wait = async (limit: number) => (globalThis as World).ledgerosCheckout?.wait(limit);

/** Put the checkout script into the document's isolated world; false when that cannot be. */
export async function enter(tabId: number, documentId: string): Promise<boolean> {
  const target = { tabId, documentIds: [documentId] };
  return chrome.scripting.executeScript({ target, files: [SCRIPT], injectImmediately: true }).then(() => true, () => false);
}

/** What `func` answers in the document; null when the document has gone or the script is not there. */
export async function inside<Args extends unknown[], Answer>(
  { tabId, documentId }: { tabId: number; documentId: string },
  func: (...args: Args) => Answer,
  ...args: Args
): Promise<Awaited<Answer> | null> {
  try {
    const target = { tabId, documentIds: [documentId] };
    const [answer] = await chrome.scripting.executeScript({ target, func, args, injectImmediately: true });
    return (answer?.result as Awaited<Answer> | undefined) ?? null;
  } catch {
    return null;
  }
}
