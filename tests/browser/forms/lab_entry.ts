// The engine over many saved pages in one document: each is parsed, as the browser parses it, and nothing of it is loaded.
import { predictions } from "../../../extension/forms/engine/measure";

async function predictAll(paths: string[]): Promise<Record<string, Record<string, string | null>>> {
  const answers: Record<string, Record<string, string | null>> = {};
  for (const path of paths) {
    const html = await (await fetch(`/${path.split("/").map(encodeURIComponent).join("/")}`)).text();
    answers[path] = predictions(new DOMParser().parseFromString(html, "text/html"));
  }
  return answers;
}

(globalThis as typeof globalThis & { engine?: unknown }).engine = { predictAll };
