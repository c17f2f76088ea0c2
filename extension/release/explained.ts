/** How the forms of an open tab are read, for the debug view: our own page injects the engine and asks; nothing is filled or kept. */
import { plainText } from "../core/text";
import type { Explanation } from "../forms/engine/explain";
import type { FieldType } from "../forms/engine/rules";
import { framesOf } from "./tabs";

const SCRIPT = "/forms.js";
const LONGEST = 120;

/** One document of the tab and its controls; `hosted` is a frame of another site. */
export interface ReadDocument {
  origin: string;
  hosted: boolean;
  controls: Explanation[];
}

// These run in the isolated world of a page or frame: they may use nothing from here but their arguments.
type World = { ledgerosForms?: { explain(document: Document, given: FieldType[]): Explanation[]; explainFrame(document: Document): Explanation[] } };
const page = (given: FieldType[]) => (globalThis as World).ledgerosForms?.explain(document, given) ?? [];
const frame = () => (globalThis as World).ledgerosForms?.explainFrame(document) ?? [];

/** Every control of the tab's top document and of the frames that its site put there; empty when the tab shows nothing we may fill. */
export async function explainTab(tabId: number): Promise<ReadDocument[]> {
  const frames = await framesOf(tabId);
  if (!frames) return [];
  const explained = await Promise.all(
    frames.hosted.map(async ({ documentId, origin }) => ({ origin, hosted: true, controls: await explainedIn(tabId, documentId, frame, []) })),
  );
  const given = explained.flatMap(({ controls }) => controls.flatMap(({ type, planned }) => (planned && type ? [type] : [])));
  const controls = await explainedIn(tabId, frames.documentId, page, [given]);
  return [{ origin: frames.origin, hosted: false, controls }, ...explained.filter((document) => document.controls.length > 0)];
}

async function explainedIn<Args extends unknown[]>(tabId: number, documentId: string, func: (...args: Args) => Explanation[], args: Args): Promise<Explanation[]> {
  const target = { tabId, documentIds: [documentId] };
  try {
    await chrome.scripting.executeScript({ target, files: [SCRIPT], injectImmediately: true });
    const [answer] = await chrome.scripting.executeScript({ target, func, args, injectImmediately: true });
    return ((answer?.result ?? []) as Explanation[]).map(harmless);
  } catch {
    return []; // the document went away meanwhile
  }
}

// Names and labels are the page's words.
function harmless(explanation: Explanation): Explanation {
  const signals = explanation.signals.map((signal) => ({ ...signal, because: plainText(signal.because, LONGEST) }));
  return { ...explanation, control: plainText(explanation.control, LONGEST), signals };
}
