/** The bytes of a paused request's body, and a look into a compressed one. */
import { b64u, type Bytes } from "../protocol/canonical";
import type { PausedRequest } from "./events";

// As large as a body may be in a Send (broker/protocol/egress.py); what is larger goes out as it is.
const MOST_BYTES = 4_000_000;

/** The whole body, or null when the browser does not give it: the pause leaves out files from the disk. */
export function bodyOf({ hasPostData, postData, postDataEntries }: PausedRequest): Bytes | null {
  if (!hasPostData) return new Uint8Array(0);
  if (holdsFile(postDataEntries)) return null;
  if (postDataEntries?.length) return joined(postDataEntries.map(({ bytes }) => bytesOf(bytes ?? "")));
  return postData === undefined ? null : new TextEncoder().encode(postData);
}

/** Whether part of it is a file that a person or agent chose: the page cannot have written the stand-in into that. */
export function holdsFile(entries: PausedRequest["postDataEntries"]): boolean {
  return entries?.some(({ bytes }) => bytes === undefined) ?? false;
}

/** The body as text to search, as far as it came with the pause: one character for each byte. */
export function textOf({ postData, postDataEntries }: PausedRequest): string {
  return postData ?? (postDataEntries ?? []).map(({ bytes }) => atob(bytes ?? "")).join("");
}

/** What a gzip or deflate body says, or null when it is neither, broken, or grows above 4 MB. */
export async function inflated(body: Bytes): Promise<string | null> {
  const format = body[0] === 0x1f && body[1] === 0x8b ? "gzip" : body[0] === 0x78 ? "deflate" : null;
  if (!format) return null;
  const reader = new Blob([body]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const decoder = new TextDecoder("latin1");
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
      if (text.length > MOST_BYTES) return null;
    }
  } catch {
    return null;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Whether a Send may carry it. */
export function fits(body: Bytes): boolean {
  return body.length <= MOST_BYTES;
}

export const asText = (body: Bytes): string => b64u(body);

function bytesOf(base64: string): Bytes {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

function joined(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
