// The same vectors as tests/conformance/test_vectors.py.
import { describe, expect, it } from "vitest";
import vectors from "../../tests/conformance/vectors.json";
import { FrameReader, FrameWriter, sessionKeys } from "../channel/frames";
import { signedByItsKey, transcript } from "../channel/handshake";
import { formatMoney } from "../core/money";
import { parseOrigin, shownOrigin } from "../core/origin";
import { plainText } from "../core/text";
import { b64u, type Bytes, canonicalJson, digest, unb64u } from "../protocol/canonical";
import { decisionDigest } from "../protocol/decision";
import { denialDigest } from "../protocol/denial";
import { signEd25519 } from "../protocol/ed25519";
import { factsHash, verifyFacts } from "../protocol/facts";
import type { Decision, Denial, Frame, Hello, Welcome } from "../protocol/messages";
import { type Ceremony, checkProof, codeId, makeProof, proofKey, type Role } from "../protocol/proof";
import { keyId, sealInfo, unseal } from "../protocol/sealing";
import { coseKey, enrolmentChallenge } from "../release/passkey";

// PKCS #8 prefixes of RFC 8410 private keys, for fixed test keys only.
const ED25519 = "302e020100300506032b657004220420";
const X25519 = "302e020100300506032b656e04220420";

async function privateKey(prefix: string, seed: string, algorithm: "Ed25519" | "X25519"): Promise<CryptoKey> {
  const der = new Uint8Array([...Buffer.from(prefix, "hex"), ...unb64u(seed)]);
  return crypto.subtle.importKey("pkcs8", der, algorithm, false, algorithm === "Ed25519" ? ["sign"] : ["deriveBits"]);
}

const x25519Public = (raw: string) => crypto.subtle.importKey("raw", unb64u(raw), "X25519", true, []);

describe("canonical bytes", () => {
  it.each(vectors.digests)("are the same for $canonical", async (vector) => {
    expect(new TextDecoder().decode(canonicalJson(vector.value))).toBe(vector.canonical);
    expect(b64u(await digest(vector.domain, vector.value))).toBe(vector.digest);
  });

  it.each(["A", "AB=", "A+", "AAB", "A A"])("%s is not base64url", (text) => {
    expect(() => unb64u(text)).toThrow(TypeError);
  });
});

describe("proofs by code", () => {
  it.each(vectors.proofs)("by $role in $ceremony", async (vector) => {
    const ceremony = vector.ceremony as Ceremony;
    const role = vector.role as Role;
    const key = await proofKey(vector.typed, ceremony);
    expect(await codeId(key)).toBe(vector.codeId);
    expect(await makeProof(key, role, vector.message)).toBe(vector.proof);
    expect(await checkProof(key, role, vector.message, vector.proof)).toBe(true);
    expect(await checkProof(key, role, { ...vector.message, text: "other" }, vector.proof)).toBe(false);
    expect(await checkProof(key, role === "issuer" ? "broker" : "issuer", vector.message, vector.proof)).toBe(false);
  });

  it.each(["", "short", "7K3M-9QXR-2VTB-HJ5U", "7K3M-9QXR-2VTB-HJ5N-1"])("%s is not a code", async (text) => {
    await expect(proofKey(text, "pairing")).rejects.toThrow("sixteen");
  });
});

describe("facts", () => {
  const { issuerKey, jws, tampered, facts } = vectors.facts;

  it("signed by LedgerOS are read", async () => {
    expect(await verifyFacts(jws, issuerKey)).toEqual(facts);
    expect(await factsHash(jws)).toBe(vectors.decision.decision.factsHash);
  });

  it("altered, of another header or by another key are refused", async () => {
    const [, payload, signature] = jws.split(".");
    const otherHeader = `${b64u(canonicalJson({ alg: "none", typ: "token-introspection+jwt" }))}.${payload}.${signature}`;
    for (const bad of [tampered, otherHeader, `${jws}.x`, "", "a.b.c", jws.slice(0, -2)]) {
      await expect(verifyFacts(bad, issuerKey)).rejects.toThrow(TypeError);
    }
    await expect(verifyFacts(jws, vectors.channel.welcome.brokerKey)).rejects.toThrow(TypeError);
  });
});

it("a decision has the same digest", async () => {
  expect(b64u(await decisionDigest(vectors.decision.decision as Decision))).toBe(vectors.decision.digest);
});

it("a denial has the same digest, and the same signature", async () => {
  const { denial, digest: expected, devicePrivate, signature } = vectors.denial;
  const signed = await denialDigest(denial as Denial);
  expect(b64u(signed)).toBe(expected);
  expect(b64u(await signEd25519(await privateKey(ED25519, devicePrivate, "Ed25519"), signed))).toBe(signature);
});

it("an enrolment passkey has the same challenge", async () => {
  expect(b64u(await enrolmentChallenge(vectors.enrolmentPasskey.value))).toBe(vectors.enrolmentPasskey.challenge);
});

it.each(vectors.passkeyKeys)("the public key of a passkey of algorithm $algorithm is the one that LedgerOS enrols", async ({ algorithm, spki, cose, keyId: id }) => {
  const key = coseKey(algorithm, unb64u(spki));
  expect(key && b64u(key)).toBe(cose);
  expect(await keyId(unb64u(cose))).toBe(id);
  expect(coseKey(-257, unb64u(spki))).toBeNull();
});

describe("sealed credentials", () => {
  const { sealed, privateKey: seed, publicKey, decisionDigest: signed, cardId, plaintext, info } = vectors.sealing;
  const keys = async () => ({ privateKey: await privateKey(X25519, seed, "X25519"), publicKey: await x25519Public(publicKey) });

  it("open under their decision", async () => {
    expect(await keyId(unb64u(publicKey))).toBe(sealed.keyId);
    expect(b64u(sealInfo(unb64u(signed), cardId, sealed.keyId))).toBe(info);
    expect(await unseal(sealed, await keys(), unb64u(signed), cardId)).toEqual(plaintext);
  });

  it("do not open under another decision, card or key name", async () => {
    const other = await digest("ledgeros/decision/v1", {});
    await expect(unseal(sealed, await keys(), other, cardId)).rejects.toThrow();
    await expect(unseal(sealed, await keys(), unb64u(signed), "card_2")).rejects.toThrow();
    await expect(unseal({ ...sealed, keyId: "other" }, await keys(), unb64u(signed), cardId)).rejects.toThrow();
  });
});

describe("the channel", () => {
  const vector = vectors.channel;
  const hello = vector.hello as Hello;
  const welcome = vector.welcome as Welcome;

  async function keys() {
    const own = await privateKey(X25519, vector.extensionEphemeralPrivate, "X25519");
    return sessionKeys(own, await x25519Public(welcome.ephemeral), unb64u(vector.transcript));
  }
  const readKey = (raw: string) => crypto.subtle.importKey("raw", unb64u(raw), "AES-GCM", false, ["decrypt"]);

  it("has the same transcript and signatures", async () => {
    expect(await signedByItsKey(hello, welcome)).toBe(true);
    expect(await signedByItsKey({ ...hello, nonce: "AAAA" }, welcome)).toBe(false);
    expect(await signedByItsKey(hello, { ...welcome, paired: false })).toBe(false);
    const signed = await transcript(hello, welcome);
    expect(b64u(signed)).toBe(vector.transcript);
    const device = await privateKey(ED25519, vector.devicePrivate, "Ed25519");
    expect(b64u(await signEd25519(device, signed as Bytes))).toBe(vector.finishSignature);
  });

  it("reads the broker's frames and refuses them in any other order or form", async () => {
    const { toExtension } = await keys();
    const [first, second] = vector.toExtension as [Frame, Frame];
    const reader = new FrameReader(toExtension);
    expect(await reader.message(first)).toBeUndefined();
    expect(await reader.message(second)).toEqual({ type: "ping" });
    await expect(reader.message(second)).rejects.toThrow("out of order");
    await expect(new FrameReader(toExtension).message(second)).rejects.toThrow("out of order");
    await expect(new FrameReader(toExtension).message({ ...first, more: false })).rejects.toThrow();
    await expect(new FrameReader(toExtension).message({ ...second, n: 0 })).rejects.toThrow();
    await expect(new FrameReader(toExtension).message({ ...first, ciphertext: first.ciphertext.slice(0, -4) })).rejects.toThrow();
  });

  it("writes frames that the broker's key opens, with the same keys", async () => {
    const { toBroker } = await keys();
    const [frame] = await new FrameWriter(toBroker).frames({ type: "ping" });
    const iv = new Uint8Array(12);
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv, additionalData: new TextEncoder().encode("ledgeros/channel/v1 e2b 0 0") },
      await readKey(vector.keyToBroker),
      unb64u(frame!.ciphertext),
    );
    expect(new TextDecoder().decode(opened)).toBe(vector.message);
  });

  it("cuts a long message into frames below the browser's limit", async () => {
    const { toBroker } = await keys();
    const frames = await new FrameWriter(toBroker).frames({ text: "x".repeat(1_000_000) });
    expect(frames.map((frame) => [frame.n, frame.more])).toEqual([[0, true], [1, true], [2, false]]);
    expect(Math.max(...frames.map((frame) => JSON.stringify(frame).length))).toBeLessThan(1_000_000);
  });
});

it.each(vectors.texts)("the same plain text of $text", ({ text, limit, plain }) => {
  expect(plainText(text, limit)).toBe(plain);
});

it.each(vectors.texts)("what is plain stays as it is: $plain", ({ plain, limit }) => {
  expect(plainText(plain, limit)).toBe(plain);
});

it.each(vectors.origins)("the same origin of $text", ({ text, origin, domain }) => {
  expect(parseOrigin(text)).toBe(origin);
  if (origin !== null) expect(shownOrigin(origin).domain).toBe(domain);
});

it.each(vectors.money)("the same words for $text", ({ amount, currency, text }) => {
  expect(formatMoney(amount, currency)).toBe(text);
});
