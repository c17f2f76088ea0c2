/** Writing into the documents that were looked at: all of them are checked first, then each checks itself again and writes its own share. */
import { valuesFor, withBilling } from "../forms/engine/frames";
import type { FillAnswer } from "../forms/checkout";
import { kindOf } from "../forms/fields";
import type { Billing, CardValues } from "../forms/values";
import type { BillingAddress } from "../protocol/messages";
import type { Credentials } from "../protocol/sealing";
import type { Hosted } from "./hosted";
import * as there from "./inside";
import type { Target } from "./release";
import { framesOf, tabExists } from "./tabs";

type Changed = "tab_closed" | "origin_changed" | "page_changed";
export type Filled = { kind: "filled"; fields: string[]; failed: string[] } | { kind: Changed };

/** Whether every document of the target still is as it was when it was looked at. */
export async function stillThere(target: Target): Promise<boolean> {
  return (await changedIn(target, there.unchanged)) === null;
}

/** Write the card into exactly the fields that were looked at, or nothing. It is still being opened while the documents are looked at. */
export async function fillIn(target: Target, opening: Promise<Credentials>): Promise<Filled> {
  const alone = target.hosted.length === 0;
  const [changed, credentials] = await Promise.all([alone ? elsewhere(target) : changedIn(target, there.ready), opening]);
  if (changed) return { kind: changed };
  const card: CardValues = {
    number: credentials.pan,
    securityCode: credentials.cvv,
    month: credentials.expirationMonth,
    year: credentials.expirationYear,
    name: credentials.cardholderName,
    ...(credentials.billing ? { billing: addressOf(credentials.billing) } : {}),
  };
  const answers = await Promise.all(sharesOf(target, card).map((share) => write(target, share, card)));
  if (!answers.some((answer) => answer.written)) return { kind: await whatChanged(target, answers[0]?.reason ?? null) };
  const fields = answers.flatMap((answer) => answer.fields);
  const named = (kept: boolean) => fields.filter((field) => field.kept === kept).map(({ kind }) => kind);
  const failed = [...new Set(named(false))];
  return { kind: "filled", fields: [...new Set(named(true))].filter((kind) => !failed.includes(kind)), failed };
}

function addressOf(address: BillingAddress): Billing {
  return Object.fromEntries(Object.entries(address).filter(([, line]) => line !== null));
}

/** One document and what it is given: the values of its own types and nothing else. */
function sharesOf({ documentId, origin, own, hosted }: Target, { billing }: CardValues): Hosted[] {
  const takes = own.types.length > 0 || (own.billing && billing !== undefined);
  return takes ? [{ documentId, origin, types: own.types }, ...hosted] : hosted;
}

interface Written {
  written: boolean;
  reason: Changed | null;
  fields: { kind: string; kept: boolean }[];
}

async function write({ tabId, look, documentId: top }: Target, { documentId, origin, types }: Hosted, card: CardValues): Promise<Written> {
  const at = { tabId, documentId };
  const answer: FillAnswer | null = await there.inside(at, there.fill, look, origin, documentId === top ? withBilling(valuesFor(types, card), card) : valuesFor(types, card));
  if (!answer?.written) return { written: false, reason: answer?.reason ?? null, fields: types.map((type) => ({ kind: kindOf(type), kept: false })) };
  // What holds after the page's own code has run; null when the document went away meanwhile, and what was written stands.
  return { written: true, reason: null, fields: (await there.inside(at, there.settle, look)) ?? answer.fields };
}

/** What differs in any document of the target, or null. */
async function changedIn(target: Target, ask: typeof there.unchanged): Promise<Changed | null> {
  const { tabId, documentId, origin, look, hosted } = target;
  const documents = [{ documentId, origin }, ...hosted];
  const asked = documents.map((document) => there.inside({ tabId, documentId: document.documentId }, ask, look, document.origin));
  const [moved, ...same] = await Promise.all([elsewhere(target), ...asked]);
  return moved ?? (same.every((answer) => answer === true) ? null : whatChanged(target, null));
}

/** What differs in the tab as the browser reports it, or null: another document, another origin, a frame that is gone or hangs elsewhere. */
async function elsewhere(target: Target): Promise<Changed | null> {
  const frames = await framesOf(target.tabId);
  if (frames?.documentId !== target.documentId) return whatChanged(target, null);
  if (frames.origin !== target.origin) return "origin_changed";
  const present = target.hosted.every((held) => frames.hosted.some(({ documentId, origin }) => documentId === held.documentId && origin === held.origin));
  return present ? null : "page_changed";
}

async function whatChanged({ tabId, origin }: Target, said: Changed | null): Promise<Changed> {
  if (!(await tabExists(tabId))) return "tab_closed";
  if (said) return said;
  return (await framesOf(tabId))?.origin === origin ? "page_changed" : "origin_changed";
}
