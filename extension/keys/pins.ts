/** Whom this browser trusts: the broker it was paired with and the LedgerOS it is enrolled at. Public keys and names only. */
import type { DeviceEnrolled } from "../protocol/messages";

/** The paired broker: `key` is its raw Ed25519 public key. */
export interface BrokerPin {
  id: string;
  key: string;
  pairedAt: number;
}

/** LedgerOS as pinned at enrolment: `issuerKey` signs introspections; `userFacingOrigin` is where a person signs in. */
export interface IssuerPin {
  deviceId: string;
  brokerId: string;
  issuerKey: string;
  organisationName: string;
  userFacingOrigin: string;
  approval: DeviceEnrolled["approval"];
  enrolledAt: number;
}

/** A passkey made in this browser: its public name, and its public key (COSE, base64url) where it was kept. */
export interface PasskeyPin {
  credentialId: string;
  createdAt: number;
  publicKey?: string | null;
}

export interface Pins {
  broker: BrokerPin | null;
  issuer: IssuerPin | null;
  passkeys: PasskeyPin[];
}

const KEY = "pins";
const NONE: Pins = { broker: null, issuer: null, passkeys: [] };

/** What is pinned now. */
export async function readPins(): Promise<Pins> {
  const stored = await chrome.storage.local.get<{ pins?: Pins }>(KEY);
  return { ...NONE, ...stored.pins };
}

let turn: Promise<unknown> = Promise.resolve();

/** Change some of the pins and return them all; `change` may depend on what they are by then. One after the other: none takes back another's. */
export function writePins(change: Partial<Pins> | ((before: Pins) => Partial<Pins>)): Promise<Pins> {
  const written = turn.then(async () => {
    const before = await readPins();
    const pins = { ...before, ...(typeof change === "function" ? change(before) : change) };
    await chrome.storage.local.set({ [KEY]: pins });
    return pins;
  });
  turn = written.catch(() => undefined);
  return written;
}
