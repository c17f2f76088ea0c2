/** Bytes that two languages agree on: RFC 8785 JSON, base64url without padding, domain-separated digests. Twin of core/canonical.py. */
import canonicalize from "canonicalize";

export type Bytes = Uint8Array<ArrayBuffer>;

/** UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Several byte strings as one. */
export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** RFC 8785 (JCS) bytes of a JSON value. */
export function canonicalJson(value: unknown): Bytes {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("not a JSON value");
  return utf8(text);
}

export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** SHA-256 over `domain`, a newline and the canonical JSON of `value`. */
export function digest(domain: string, value: unknown): Promise<Bytes> {
  return sha256(concat(utf8(`${domain}\n`), canonicalJson(value)));
}

/** base64url without padding (RFC 7515, appendix C). */
export function b64u(data: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < data.length; at += 0x8000) binary += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The inverse of `b64u`; throws for anything that is not its exact output. */
export function unb64u(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new TypeError("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const data = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (b64u(data) !== text) throw new TypeError("not canonical base64url");
  return data;
}

/** `size` random bytes as base64url. */
export function nonce(size = 16): string {
  return b64u(crypto.getRandomValues(new Uint8Array(size)));
}

/** 48 bits of Unix ms and 16 random bytes, as base64url: LedgerOS keeps an index of such nonces, and new ones lie side by side in it. */
export function timedNonce(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(22));
  new DataView(bytes.buffer).setUint16(0, Math.floor(now / 2 ** 32));
  new DataView(bytes.buffer).setUint32(2, now % 2 ** 32);
  return b64u(bytes);
}
