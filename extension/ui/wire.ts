/** What our own pages and the worker say to each other over a `chrome.runtime` port. */
import type { ChannelState } from "../channel/connection";
import type { TypedBounds } from "../policy/bounds";
import type { GrantState, PasskeyAssertion } from "../protocol/messages";
import type { TokenAlarm } from "../release/alarm";
import type { Entry } from "../release/history";
import type { Mode } from "../release/mode";
import type { EnrolmentPasskey, MadePasskey } from "../release/passkey";
import type { RequestView } from "../release/view";
import type { Restricting, Restriction } from "../rules/regret";
import type { Subject } from "../rules/standing";
import type { Ticket } from "../rules/tickets";

/** Everything a page shows. Sent whole at every change. */
export interface AppState {
  channel: ChannelState;
  /** LedgerOS as the broker sees it; null before the broker said. */
  issuerReachable: boolean | null;
  /** Token alarms that the person has not seen. */
  alarms: TokenAlarm[];
  broker: { id: string; pairedAt: number } | null;
  issuer: { organisationName: string; userFacingOrigin: string; approval: string; enrolledAt: number } | null;
  passkeys: { credentialId: string; createdAt: number; key: PublicKey | null }[];
  requests: RequestView[];
  history: Entry[];
  restrictions: Restriction[];
  /** Standing rules as the broker last told them; null before it did. */
  grants: GrantState[] | null;
  unattended: boolean;
  about: About;
}

/** A public key, base64url, and its name: the first 16 bytes of its SHA-256. */
export interface PublicKey {
  id: string;
  whole: string;
}

/** Public names and keys, for comparing with what the broker and LedgerOS show, and for verifying receipts. */
export interface About {
  version: string;
  extensionId: string;
  deviceId: string | null;
  brokerId: string | null;
  signingKey: PublicKey;
  sealingKey: PublicKey;
  brokerKey: PublicKey | null;
  issuerKey: PublicKey | null;
}

/** What a page may ask, and what the worker answers. */
export interface Requests {
  pair: { ask: { code: string; deviceName: string }; answer: { replaces: string | null } };
  prepareEnrolment: { ask: { code: string }; answer: EnrolmentPasskey };
  enrol: { ask: { code: string; binding: EnrolmentPasskey; deviceName: string; passkey: MadePasskey | null }; answer: null };
  rendered: { ask: { id: string }; answer: null };
  pick: { ask: { id: string; tabId: number }; answer: null };
  /** The button that approves is pressed, and not clicked yet. */
  press: { ask: { id: string; revision: number }; answer: null };
  /** Answers a challenge (base64url) when a passkey has to sign first. */
  approve: { ask: { id: string; revision: number }; answer: { challenge: string; credentialIds: string[] } | null };
  asserted: { ask: { id: string; passkey: PasskeyAssertion | null }; answer: null };
  deny: { ask: { id: string; also: Restricting | null }; answer: null };
  stop: { ask: { id: string }; answer: null };
  pickMode: { ask: { id: string; revision: number; mode: Mode }; answer: null };
  /** Draft a rule for the agent and site of a request, as far as `revision` showed them. */
  draftRuleHere: { ask: { id: string; revision: number; bounds: TypedBounds }; answer: Ticket };
  draftRule: { ask: { subject: Subject; bounds: TypedBounds }; answer: Ticket };
  makeRule: { ask: { ticket: string; passkey: PasskeyAssertion }; answer: null };
  listRules: { ask: Record<string, never>; answer: null };
  revokeRule: { ask: { grantId: string }; answer: null };
  prepareUndo: { ask: { kind: Restricting; subject: string }; answer: Ticket };
  undo: { ask: { ticket: string; passkey: PasskeyAssertion | null }; answer: null };
  forgetRestriction: { ask: { kind: Restricting; subject: string }; answer: null };
  alarmSeen: { ask: { name: string }; answer: null };
  setUnattended: { ask: { unattended: boolean }; answer: null };
  /** Show the requests in a window of their own, where a passkey prompt does not close them. */
  window: { ask: Record<string, never>; answer: null };
  reconnect: { ask: Record<string, never>; answer: null };
}

export type Ask = { [Name in keyof Requests]: { n: number; name: Name; ask: Requests[Name]["ask"] } }[keyof Requests];
export type Tell = { state: AppState } | { n: number; answer: unknown } | { n: number; error: string };

export const PORT_NAME = "page";
