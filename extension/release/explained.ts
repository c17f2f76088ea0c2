/** How the forms of an open tab are read, for the debug view: our own page injects the engine and asks; nothing is filled or kept. */
import { plainText } from "../core/text";
import type { Explanation } from "../forms/engine/explain";
import { framesOf } from "./tabs";

const SCRIPT = "/forms.js";
const LONGEST = 120;

/** One document of the tab and its controls; `hosted` is a frame of another site. */
export interface ReadDocument {
  origin: string;
  hosted: boolean;
  controls: Explanation[];
}

type World = { ledgerosForms?: { explain(document: Document, reading: "page" | "card frame"): Explanation[] } };
const ask = (reading: "page" | "card frame") => (globalThis as World).ledgerosForms?.explain(document, reading) ?? [];

/** Every control of the tab's top document and of the frames that its site put there; empty when the tab shows nothing we may fill. */
export async function explainTab(tabId: number): Promise<ReadDocument[]> {
  const frames = await framesOf(tabId);
  if (!frames) return [];
  const documents = [{ ...frames, hosted: false }, ...frames.hosted.map((frame) => ({ ...frame, hosted: true }))];
  const read = await Promise.all(
    documents.map(async ({ documentId, origin, hosted }) => ({ origin, hosted, controls: await explainDocument(tabId, documentId, hosted) })),
  );
  return read.filter(({ hosted, controls }) => !hosted || controls.length > 0);
}

async function explainDocument(tabId: number, documentId: string, hosted: boolean): Promise<Explanation[]> {
  const target = { tabId, documentIds: [documentId] };
  try {
    await chrome.scripting.executeScript({ target, files: [SCRIPT], injectImmediately: true });
    const [answer] = await chrome.scripting.executeScript({ target, func: ask, args: [hosted ? "card frame" : "page"], injectImmediately: true });
    return (answer?.result ?? []).map(harmless);
  } catch {
    return []; // the document went away meanwhile
  }
}

// Names and labels are the page's words.
function harmless(explanation: Explanation): Explanation {
  const signals = explanation.signals.map((signal) => ({ ...signal, because: plainText(signal.because, LONGEST) }));
  return { ...explanation, control: plainText(explanation.control, LONGEST), signals };
}
