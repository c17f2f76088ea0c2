/** What our own pages and the worker say to each other over a `chrome.runtime` port. */
import type { ChannelState } from "../channel/connection";
import type { PasskeyAssertion, PasskeyRegistration } from "../protocol/messages";
import type { Entry } from "../release/history";
import type { EnrolmentPasskey } from "../release/passkey";
import type { RequestView } from "../release/view";

/** Everything a page shows. Sent whole at every change. */
export interface AppState {
  channel: ChannelState;
  /** LedgerOS as the broker sees it; null before the broker said. */
  issuerReachable: boolean | null;
  broker: { id: string; pairedAt: number } | null;
  issuer: { organisationName: string; userFacingOrigin: string; approval: string; enrolledAt: number } | null;
  passkeys: { credentialId: string; createdAt: number }[];
  requests: RequestView[];
  history: Entry[];
}

/** What a page may ask, and what the worker answers. */
export interface Requests {
  pair: { ask: { code: string; deviceName: string }; answer: { replaces: string | null } };
  prepareEnrolment: { ask: { code: string }; answer: EnrolmentPasskey };
  enrol: { ask: { code: string; binding: EnrolmentPasskey; deviceName: string; passkey: PasskeyRegistration | null }; answer: null };
  rendered: { ask: { id: string }; answer: null };
  pick: { ask: { id: string; tabId: number }; answer: null };
  /** Answers a challenge (base64url) when a passkey has to sign first. */
  approve: { ask: { id: string; revision: number }; answer: { challenge: string; credentialIds: string[] } | null };
  asserted: { ask: { id: string; passkey: PasskeyAssertion | null }; answer: null };
  deny: { ask: { id: string }; answer: null };
  /** Show the requests in a window of their own, where a passkey prompt does not close them. */
  window: { ask: Record<string, never>; answer: null };
  reconnect: { ask: Record<string, never>; answer: null };
}

export type Ask = { [Name in keyof Requests]: { n: number; name: Name; ask: Requests[Name]["ask"] } }[keyof Requests];
export type Tell = { state: AppState } | { n: number; answer: unknown } | { n: number; error: string };

export const PORT_NAME = "page";
