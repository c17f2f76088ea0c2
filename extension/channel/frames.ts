/** Encrypted, ordered, chunked frames of one session (see `Frame` in broker/protocol/channel.py). */
import { b64u, type Bytes, concat, unb64u, utf8 } from "../protocol/canonical";
import type { Frame } from "../protocol/messages";

const CHUNK = 480_000;
const MAX_PLAINTEXT = 8_000_000;
const DOMAIN = "ledgeros/channel/v1";

export interface SessionKeys {
  toBroker: CryptoKey;
  toExtension: CryptoKey;
}

/** The two frame keys: HKDF-SHA256 of the X25519 secret, salted with the transcript. */
export async function sessionKeys(own: CryptoKey, peer: CryptoKey, transcript: Bytes): Promise<SessionKeys> {
  const secret = await crypto.subtle.deriveBits({ name: "X25519", public: peer }, own, 256);
  const hkdf = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: transcript, info: utf8(`${DOMAIN}/keys`) }, hkdf, 512);
  const aes = (part: ArrayBuffer, usage: KeyUsage) => crypto.subtle.importKey("raw", part, "AES-GCM", false, [usage]);
  return { toBroker: await aes(bits.slice(0, 32), "encrypt"), toExtension: await aes(bits.slice(32), "decrypt") };
}

function parameters(direction: "e2b" | "b2e", n: number, more: boolean): AesGcmParams {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(n));
  return { name: "AES-GCM", iv, additionalData: utf8(`${DOMAIN} ${direction} ${n} ${more ? 1 : 0}`) };
}

/** Turns messages into frames; the counter is the session's and never repeats. */
export class FrameWriter {
  #n = 0;

  constructor(private readonly key: CryptoKey) {}

  async frames(message: object): Promise<Frame[]> {
    const plaintext = utf8(JSON.stringify(message));
    const frames: Frame[] = [];
    for (let at = 0; at === 0 || at < plaintext.length; at += CHUNK) {
      const more = at + CHUNK < plaintext.length;
      const n = this.#n++;
      const ciphertext = await crypto.subtle.encrypt(parameters("e2b", n, more), this.key, plaintext.slice(at, at + CHUNK));
      frames.push({ type: "frame", n, more, ciphertext: b64u(new Uint8Array(ciphertext)) });
    }
    return frames;
  }
}

/** Turns frames back into messages; throws for one that is forged, replayed, out of order or too long. */
export class FrameReader {
  #n = 0;
  #parts: Bytes[] = [];
  #size = 0;

  constructor(private readonly key: CryptoKey) {}

  /** The message that `frame` completes, or undefined when more is to come. */
  async message(frame: Frame): Promise<unknown> {
    if (frame.n !== this.#n) throw new TypeError("a frame out of order");
    this.#n += 1;
    const part = await crypto.subtle.decrypt(parameters("b2e", frame.n, frame.more), this.key, unb64u(frame.ciphertext));
    this.#parts.push(new Uint8Array(part));
    this.#size += part.byteLength;
    if (this.#size > MAX_PLAINTEXT) throw new TypeError("a message that is too long");
    if (frame.more) return undefined;
    const whole = concat(...this.#parts);
    this.#parts = [];
    this.#size = 0;
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole));
  }
}
