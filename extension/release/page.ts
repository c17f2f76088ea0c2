/** Finding the card form of a tab: in its top document, in frames of its own site, in frames of a payment processor. */
import type { FrameLook } from "../forms/hosted";
import type { Own } from "../forms/checkout";
import { kindOf } from "../forms/fields";
import { readPins } from "../keys/pins";
import { nonce } from "../protocol/canonical";
import { choose, type Hosted, type Offered, sitesOf } from "./hosted";
import * as there from "./inside";
import { inSandbox, processorOf } from "./processors";
import { hasForm, type Target } from "./release";
import { type FrameDocument, type Frames, framesOf } from "./tabs";

/** Many checkouts draw their form after the page has loaded; longer than this nobody is kept waiting for an answer. */
export const FIRST_LOOK_MS = 2_000;
// What the watch inside the page does not see (a shadow tree, a step that was only hidden) is looked for this often.
const AT_LEAST_EVERY_MS = 1_000;
// A processor's frames come one by one: they count once they stand still for so long.
const STILL_MS = 200;

/** The tab's card form and amount in `currency`, or null when there is none within `limit` milliseconds. */
export async function findForm(tabId: number, currency: string, limit = FIRST_LOOK_MS): Promise<Target | null> {
  const sandbox = inSandbox((await readPins()).issuer);
  const end = Date.now() + limit;
  for (;;) {
    const target = await lookAt(tabId, currency, sandbox);
    if (target && (await standsStill(target, currency, sandbox))) return target;
    const left = end - Date.now();
    if (left <= 0) return target && hasForm(target) ? target : null;
    if (!target || !hasForm(target)) await changeIn(tabId, Math.min(left, AT_LEAST_EVERY_MS));
  }
}

/** What is there now, form or not; null when the tab shows nothing we may fill. */
export async function lookNow(tabId: number, currency: string): Promise<Target | null> {
  return lookAt(tabId, currency, inSandbox((await readPins()).issuer));
}

async function standsStill(target: Target, currency: string, sandbox: boolean): Promise<boolean> {
  if (!hasForm(target)) return false;
  if (target.hosted.length === 0) return true;
  await new Promise((resolve) => setTimeout(resolve, STILL_MS));
  const again = await lookAt(target.tabId, currency, sandbox);
  return again !== null && stateOf(again) === stateOf(target);
}

const stateOf = ({ documentId, own, hosted, sites }: Target) => JSON.stringify([documentId, own, hosted, sites]);

async function lookAt(tabId: number, currency: string, sandbox: boolean): Promise<Target | null> {
  const frames = await framesOf(tabId);
  if (!frames || !(await there.enter(tabId, frames.documentId))) return null;
  const name = nonce();
  const top = { tabId, documentId: frames.documentId };
  const [seen, offers] = await Promise.all([there.inside(top, there.look, name, currency), offersOf(tabId, frames, sandbox)]);
  if (!seen) return null;
  const chosen = choose(seen.types, offers);
  const held = chosen.length > 0 ? await remembered(top, name, chosen, offers) : null;
  const hosted = held ? chosen : [];
  const own = held ?? { types: seen.types, billing: seen.billing };
  const sites = sitesOf(offers, hosted);
  const types = [...own.types, ...hosted.flatMap((frame) => frame.types)];
  return {
    tabId,
    documentId: frames.documentId,
    origin: frames.origin,
    frameOrigins: sites.map(({ origin }) => origin),
    sites,
    hosted,
    look: name,
    own,
    fields: [...new Set(types.map(kindOf))],
    pageAmount: seen.pageAmount,
  };
}

interface Placed extends Offered {
  path: FrameLook["path"];
}

/** What the frames of other sites offer that a person can see. */
async function offersOf(tabId: number, { documentId, hosted }: Frames, sandbox: boolean): Promise<Placed[]> {
  const looked = await Promise.all(hosted.map((frame) => offerOf(tabId, frame, sandbox)));
  const offers = looked.filter((offer) => offer !== null);
  if (offers.length === 0) return [];
  const shown = await there.inside({ tabId, documentId }, there.shown, offers);
  return offers.filter((_, index) => shown?.[index] === true);
}

async function offerOf(tabId: number, { documentId, origin }: FrameDocument, sandbox: boolean): Promise<Placed | null> {
  if (!(await there.enter(tabId, documentId))) return null;
  const seen = await there.inside({ tabId, documentId }, there.lookAtFrame);
  // A sandboxed frame has the address of its origin and not its origin.
  if (!seen || seen.origin !== origin || (seen.types.length === 0 && !seen.card)) return null;
  return { documentId, origin, processor: processorOf(origin, sandbox), types: seen.types, card: seen.card, path: seen.path };
}

/** Have every document that takes part remember its share: what the top document takes itself; null when one of them changed meanwhile. */
async function remembered(top: { tabId: number; documentId: string }, name: string, chosen: Hosted[], offers: Placed[]): Promise<Own | null> {
  const spots = offers.filter(({ documentId }) => chosen.some((frame) => frame.documentId === documentId));
  const given = chosen.flatMap(({ types }) => types);
  const [own, ...taken] = await Promise.all([
    there.inside(top, there.hold, name, spots.map(({ path, origin }) => ({ path, origin })), given),
    ...chosen.map(({ documentId, types }) => there.inside({ tabId: top.tabId, documentId }, there.take, name, types)),
  ]);
  return own && taken.every((answer) => answer === true) ? own : null;
}

/** Resolves when a document of the tab loads or fields come or go in one, after `limit` milliseconds at the latest. */
async function changeIn(tabId: number, limit: number): Promise<void> {
  const frames = await framesOf(tabId);
  const documents = frames ? [frames.documentId, ...frames.hosted.map(({ documentId }) => documentId)] : [];
  await new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      chrome.webNavigation.onDOMContentLoaded.removeListener(loaded);
      resolve();
    };
    const loaded = (details: { tabId: number }) => {
      if (details.tabId === tabId) finish();
    };
    const timer = setTimeout(finish, limit);
    chrome.webNavigation.onDOMContentLoaded.addListener(loaded);
    // A document that goes away answers null at once: what comes after it loads, and is heard of.
    for (const documentId of documents) void there.inside({ tabId, documentId }, there.wait, limit).then((answer) => answer !== null && finish());
  });
}
