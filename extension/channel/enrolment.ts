/** Enrolling this browser's keys (and a passkey) at LedgerOS, by a code from its dashboard. The broker only carries it. */
import { parseOrigin } from "../core/origin";
import { plainText } from "../core/text";
import type { Device } from "../keys/device";
import { type PasskeyPin, type Pins, readPins, writePins } from "../keys/pins";
import { nonce } from "../protocol/canonical";
import type { DeviceEnrolled, EnrolDevice } from "../protocol/messages";
import { checkProof, codeId, makeProof, proofKey } from "../protocol/proof";
import type { EnrolmentPasskey, MadePasskey } from "../release/passkey";
import type { Asking } from "./requests";

/** Why an enrolment came to nothing, in words for the person. */
export class EnrolmentError extends Error {}

export class Enrolment {
  /** The key of the code that was prepared last: stretching takes a while, and the same code comes again with its passkey. */
  #stretched: { code: string; key: Promise<CryptoKey> } | null = null;

  constructor(
    private readonly device: Promise<Device>,
    private readonly asking: Asking,
  ) {}

  /** What a passkey made for this enrolment must be bound to. */
  async prepare(code: string): Promise<EnrolmentPasskey> {
    const { signingKey } = await this.device;
    return { codeId: await codeId(await this.#key(code)), nonce: nonce(), signingKey };
  }

  /** Enrol under `code`; `binding` is that of `prepare` and names the request. Throws `EnrolmentError`. */
  async enrol(code: string, binding: EnrolmentPasskey, deviceName: string, passkey: MadePasskey | null): Promise<Pins> {
    const device = await this.device;
    const key = await this.#key(code);
    this.#stretched = null;
    const unproven: Omit<EnrolDevice, "proof"> = {
      codeId: await codeId(key),
      deviceName,
      extensionOrigin: `chrome-extension://${chrome.runtime.id}`,
      signingKey: device.signingKey,
      sealingKey: device.sealingKey,
      passkey: passkey && passkey.registration,
      nonce: binding.nonce,
    };
    const request: EnrolDevice = { ...unproven, proof: await makeProof(key, "extension", unproven) };
    const { answer, error } = await this.asking.ask({ type: "enrol", request });
    if (!answer) throw new EnrolmentError(plainText(error ?? "") || "LedgerOS did not accept the code.");
    const { proof, ...unprovenAnswer } = answer;
    if (!(await checkProof(key, "issuer", { request, answer: unprovenAnswer }, proof))) {
      throw new EnrolmentError("The answer is not LedgerOS's: the code does not fit it. Nothing was changed.");
    }
    return pin(answer, passkey);
  }

  #key(code: string): Promise<CryptoKey> {
    if (this.#stretched?.code !== code) this.#stretched = { code, key: proofKey(code, "enrolment") };
    return this.#stretched.key;
  }
}

async function pin(answer: DeviceEnrolled, passkey: MadePasskey | null): Promise<Pins> {
  const before = await readPins();
  if (answer.brokerId !== before.broker?.id) throw new EnrolmentError("LedgerOS knows this browser at another broker. Pair with that broker first.");
  const userFacingOrigin = parseOrigin(answer.userFacingOrigin);
  if (!userFacingOrigin) throw new EnrolmentError("LedgerOS named no address to sign in at. Nothing was changed.");
  const { deviceId, brokerId, issuerKey, organisationName, approval } = answer;
  // Passkeys belong to one enrolment: at another LedgerOS the old ones open nothing.
  const kept = before.issuer?.issuerKey === issuerKey && before.issuer.deviceId === deviceId ? before.passkeys : [];
  return writePins({
    issuer: { deviceId, brokerId, issuerKey, organisationName: plainText(organisationName, 100), userFacingOrigin, approval, enrolledAt: Date.now() },
    passkeys: passkey ? [...kept, pinOf(passkey)] : kept,
  });
}

function pinOf({ registration, publicKey }: MadePasskey): PasskeyPin {
  return { credentialId: registration.credentialId, createdAt: Date.now(), publicKey };
}
