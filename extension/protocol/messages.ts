// Made from schema.json by scripts/messages.mjs: do not edit. Source: broker/protocol.

/**
 * What became of one paused request.
 */
export type EgressOutcome =
  | "swapped"
  | "redirect_refused"
  | "not_registered"
  | "field_mismatch"
  | "body_not_readable"
  | "client_side_encrypted"
  | "request_refused"
  | "request_too_large"
  | "origin_mismatch"
  | "account_changed"
  | "destination_refused"
  | "swap_already_used"
  | "expired"
  | "merchant_unreachable"
  | "merchant_timeout"
  | "response_too_large"
  | "response_not_scrubbable"
  | "may_have_been_charged";
/**
 * How a release ended.
 */
export type Outcome =
  | "filled"
  | "submitted"
  | "challenge_required"
  | "blocked_by_merchant"
  | "may_have_been_charged"
  | "swap_not_seen"
  | "egress_unavailable"
  | "denied"
  | "stopped"
  | "withdrawn"
  | "expired"
  | "no_tab"
  | "ambiguous_tab"
  | "no_form"
  | "field_rejected"
  | "tab_closed"
  | "origin_mismatch"
  | "amount_mismatch"
  | "origin_changed"
  | "page_changed"
  | "invalid_token"
  | "wrong_broker"
  | "already_used"
  | "refused_by_issuer"
  | "refused_by_rule"
  | "passkey_required"
  | "extension_offline"
  | "not_enrolled"
  | "issuer_unavailable"
  | "interrupted"
  | "internal_error";

export interface Messages {
  Act: Act;
  ActAnswer: ActAnswer;
  Action: Action;
  Approve: Approve;
  AskCoverage: AskCoverage;
  BillingAddress: BillingAddress;
  BrokerEnrolled: BrokerEnrolled;
  Chunk: Chunk;
  Claimed: Claimed;
  CloseWindow: CloseWindow;
  Coverage: Coverage;
  CreateRelease: CreateRelease;
  Decision: Decision;
  Deliver: Deliver;
  DeliverSurrogate: DeliverSurrogate;
  Denial: Denial;
  Deny: Deny;
  DeviceEnrolled: DeviceEnrolled;
  EgressEnrolled: EgressEnrolled;
  EgressOutcome: EgressOutcome;
  End: End;
  Enrol: Enrol;
  EnrolAnswer: EnrolAnswer;
  EnrolBroker: EnrolBroker;
  EnrolDevice: EnrolDevice;
  EnrolEgress: EnrolEgress;
  Facts: Facts;
  Finish: Finish;
  Frame: Frame;
  GiveToken: GiveToken;
  Grant: Grant;
  GrantState: GrantState;
  Grants: Grants;
  GrantsAnswer: GrantsAnswer;
  Head: Head;
  Health: Health;
  Hello: Hello;
  HostFault: HostFault;
  Introspect: Introspect;
  Introspected: Introspected;
  ListGrants: ListGrants;
  MakeGrant: MakeGrant;
  Offer: Offer;
  Outcome: Outcome;
  Pair: Pair;
  Paired: Paired;
  PasskeyAssertion: PasskeyAssertion;
  PasskeyRegistration: PasskeyRegistration;
  Ping: Ping;
  Pong: Pong;
  Presence: Presence;
  Ready: Ready;
  Redeem: Redeem;
  Redeemed: Redeemed;
  Refused: Refused;
  Release: Release;
  ReportOutcome: ReportOutcome;
  Result: Result;
  Sealed: Sealed;
  Seen: Seen;
  Send: Send;
  Shown: Shown;
  SignedAction: SignedAction;
  SignedDecision: SignedDecision;
  SignedDenial: SignedDenial;
  SignedGrant: SignedGrant;
  Skew: Skew;
  Status: Status;
  Stop: Stop;
  Surrogate: Surrogate;
  SurrogateCard: SurrogateCard;
  TaughtBy: TaughtBy;
  TokenAlarm: TokenAlarm;
  Welcome: Welcome;
  WholeAnswer: WholeAnswer;
  Window: Window;
  Withdrawn: Withdrawn;
}
/**
 * Extension → broker → LedgerOS: freeze, pause, undo, revoke; answered with `ActAnswer`.
 */
export interface Act {
  requestId: string;
  signed: SignedAction;
  type: "act";
}
/**
 * An action with its signatures.
 */
export interface SignedAction {
  action: Action;
  deviceSignature: string;
  passkey?: PasskeyAssertion | null;
}
/**
 * What a person does about a card or agent from the extension.
 *
 * Restricting (`freeze_card`, `pause_agent`, `revoke_grant`) needs the device's signature only;
 * loosening (`unfreeze_card`, `resume_agent`) needs the passkey too unless the organisation's
 * approval setting is ``click``.
 */
export interface Action {
  at: number;
  deviceId: string;
  kind: "freeze_card" | "unfreeze_card" | "pause_agent" | "resume_agent" | "revoke_grant";
  nonce: string;
  subject: string;
  version: 1;
}
/**
 * A WebAuthn assertion over the decision's digest (base64url members as in the WebAuthn JSON form).
 */
export interface PasskeyAssertion {
  authenticatorData: string;
  clientDataJson: string;
  credentialId: string;
  signature: string;
}
/**
 * Broker → extension: done when `error` is null.
 */
export interface ActAnswer {
  error: string | null;
  requestId: string;
  type: "act_answer";
}
/**
 * Extension → broker: the signed decision.
 */
export interface Approve {
  releaseId: string;
  signed: SignedDecision;
  type: "approve";
}
/**
 * A decision with the signatures that make it one.
 */
export interface SignedDecision {
  decision: Decision;
  deviceSignature: string;
  passkey?: PasskeyAssertion | null;
}
/**
 * An approval of one release on one page.
 *
 * `token_hash` is base64url SHA-256 of the `detailsToken`, or null when approval comes first.
 * `intent_id` names the intent it was decided on then; `grant_id` the standing rule that decided
 * in the person's place.
 * `max_amount` is the most the person agreed to, in minor units, and `reason` what for: only a
 * ``subscription`` that was approved as one lets further charges pass. `facts_hash` is base64url
 * SHA-256 of the signed introspection that was shown. `recipient_key_id` names the enrolled key
 * the credentials are sealed to.
 */
export interface Decision {
  accessEventId: string | null;
  agentId: string;
  agentName: string;
  brokerId: string;
  cardId: string;
  claimed: Claimed;
  currency: string;
  decidedAt: number;
  deviceId: string;
  expiresAt: number;
  factsHash: string;
  grantId?: string | null;
  intentId?: string | null;
  last4: string;
  maxAmount: number;
  mismatches: ("origin" | "amount")[];
  mode: "direct" | "surrogate";
  nonce: string;
  reason: "one-time" | "subscription" | "preauth";
  recipientKeyId: string;
  releaseId: string;
  seen: Seen;
  tokenHash: string | null;
  version: 1;
}
/**
 * What the agent said: to LedgerOS (attested) and to the broker.
 */
export interface Claimed {
  amount: number | null;
  currency: string;
  merchantText: string | null;
  origin: string | null;
  purpose: string;
}
/**
 * What the browser itself reports; only `page_amount` comes from the page and is labelled so.
 *
 * `frame_origins` are the other sites whose frames in this page hold card fields: each was shown with what it gets, if anything.
 */
export interface Seen {
  firstTimeHere: boolean;
  frameOrigins: string[];
  origin: string;
  pageAmount: number | null;
}
/**
 * Would a checkout at `origin`, with card fields in frames of `frame_origins`, be covered by the registry?
 */
export interface AskCoverage {
  /**
   * @maxItems 50
   */
  frameOrigins: string[];
  origin: string;
  requestId: string;
  type: "ask_coverage";
}
/**
 * A postal address. `country` is ISO 3166-1 alpha-2; `state` is what the country calls its first level, by code or name.
 */
export interface BillingAddress {
  city: string;
  country: string;
  line1: string;
  line2?: string | null;
  postalCode?: string | null;
  state?: string | null;
}
/**
 * This broker now acts for `organisation_name`.
 */
export interface BrokerEnrolled {
  brokerId: string;
  organisationName: string;
}
/**
 * The next bytes of the scrubbed body, without content encoding.
 */
export interface Chunk {
  data: string;
  requestId: string;
  type: "chunk";
}
/**
 * Nothing comes of what was redeemed: its window authorises nothing any more. Exactly one member is given.
 *
 * `access_event_id` is the token's. Who had no answer to a redeem may not know it, and names the release: meant is the window of the
 * last token that the release's decision spent, if it spent one.
 */
export interface CloseWindow {
  accessEventId?: string | null;
  releaseId?: string | null;
}
/**
 * The answer to `AskCoverage`. ``covered``: a swap is possible there; ``client_side_encrypted``: it is known to be impossible.
 *
 * `names` are the processors that speak about this checkout; `key_id` names the key to seal to, null without a running egress;
 * `taught` is null where nobody taught it.
 */
export interface Coverage {
  keyId?: string | null;
  names?: string[];
  requestId: string;
  taught?: TaughtBy | null;
  type: "coverage";
  verdict: "covered" | "client_side_encrypted" | "unknown" | "egress_unavailable";
}
/**
 * That a person taught this checkout: `by` is their name at this machine, `at` when they did last, `hosts` where the number may go.
 */
export interface TaughtBy {
  at: number;
  by: string;
  hosts: string[];
}
/**
 * Ask for a release: with a token, or with an intent when approval comes first (exactly one).
 *
 * `origin` or `page_url` says where the agent wants to pay; both are claims.
 */
export interface CreateRelease {
  detailsToken?: string | null;
  intentId?: string | null;
  origin?: string | null;
  pageUrl?: string | null;
  purpose?: string | null;
}
/**
 * Broker → extension: credentials sealed to this device's key, under its decision.
 */
export interface Deliver {
  releaseId: string;
  sealed: Sealed;
  type: "deliver";
}
/**
 * Credentials that only the holder of `key_id` can open. `ciphertext` is enc ‖ ct (32 bytes of enc first).
 */
export interface Sealed {
  ciphertext: string;
  keyId: string;
}
/**
 * Broker → extension: the egress holds the credentials; fill `card` and pause the page's payment request.
 */
export interface DeliverSurrogate {
  card: SurrogateCard;
  releaseId: string;
  type: "deliver_surrogate";
}
/**
 * What the extension fills in surrogate mode: the stand-ins, and what of a card is no secret from the page.
 */
export interface SurrogateCard {
  billing?: BillingAddress | null;
  cardholderName: string;
  expirationMonth: number;
  expirationYear: number;
  surrogate: Surrogate;
}
/**
 * The values the page holds in place of number and security code. Digits only.
 */
export interface Surrogate {
  number: string;
  securityCode: string;
}
/**
 * A no to one release.
 *
 * `facts_hash` is base64url SHA-256 of the signed introspection that was shown; of `token_hash` and `intent_id` there is the one
 * that those facts are about.
 */
export interface Denial {
  decidedAt: number;
  deviceId: string;
  factsHash: string;
  intentId: string | null;
  nonce: string;
  releaseId: string;
  said: "denied" | "stopped";
  tokenHash: string | null;
  version: 1;
}
/**
 * Extension → broker: the person said no. Heard without a signature too, but then nobody beyond the broker can know whose no it is.
 */
export interface Deny {
  releaseId: string;
  signed?: SignedDenial | null;
  type: "deny";
}
/**
 * A denial with the signature that makes it the browser's.
 */
export interface SignedDenial {
  denial: Denial;
  deviceSignature: string;
}
/**
 * LedgerOS's answer, proven by role ``issuer`` over ``{"request": EnrolDevice, "answer": this without proof}``.
 *
 * `issuer_key` is the raw Ed25519 key that signs introspections: the extension pins it.
 */
export interface DeviceEnrolled {
  approval: "passkey" | "step-up" | "click";
  brokerId: string;
  deviceId: string;
  issuerKey: string;
  organisationName: string;
  passkeys: number;
  proof: string;
  userFacingOrigin: string;
}
/**
 * LedgerOS's answer, proven by role ``issuer`` over ``{"request": EnrolEgress, "answer": this without proof}``.
 *
 * `key_id` is what a decision names as its recipient (`protocol.sealing.key_id`).
 */
export interface EgressEnrolled {
  brokerId: string;
  egressId: string;
  keyId: string;
  organisationName: string;
  proof: string;
}
/**
 * How it ended: always the last message of a request. Only with it is a `Head` to be believed complete.
 *
 * `answer` is the merchant's, where no `Head` came before: one message is sooner there than three.
 * `entry` is the registry entry that matched, also where its account was refused; `fields` are the kinds of field that were swapped;
 * `account_first_seen` says that the merchant account was taken on trust, as there was none to compare with;
 * `hint` what the scrubbed answer looks like: a 3-D Secure challenge, or a refusal of the request as automated.
 */
export interface End {
  accountFirstSeen?: boolean;
  answer?: WholeAnswer | null;
  entry?: string | null;
  fields?: ("number" | "securityCode")[];
  hint?: ("challenge_required" | "blocked_by_merchant") | null;
  mayHaveBeenCharged: boolean;
  outcome: EgressOutcome;
  requestId: string;
  type: "end";
}
/**
 * A `Head` and all of its body, without content encoding: at most `CHUNK` bytes.
 */
export interface WholeAnswer {
  data: string;
  headers: [string, string][];
  reason: string;
  status: number;
}
/**
 * Extension → broker → LedgerOS: passed on as it is; the broker cannot alter what the proof covers.
 */
export interface Enrol {
  request: EnrolDevice;
  requestId: string;
  type: "enrol";
}
/**
 * A browser's public keys, proven by the code the person typed (`protocol.proof`, ceremony ``enrolment``).
 *
 * `signing_key` is raw Ed25519, `sealing_key` raw X25519. `proof` is by role ``extension`` over
 * every other field. With `device_id` set, the registration adds a passkey to that device.
 */
export interface EnrolDevice {
  codeId: string;
  deviceName: string;
  extensionOrigin: string;
  nonce: string;
  passkey: PasskeyRegistration | null;
  proof: string;
  sealingKey: string;
  signingKey: string;
}
/**
 * A WebAuthn registration made in an extension page (base64url members of the WebAuthn JSON form).
 */
export interface PasskeyRegistration {
  attestationObject: string;
  clientDataJson: string;
  credentialId: string;
}
/**
 * Broker → extension: LedgerOS's answer, or why there is none.
 */
export interface EnrolAnswer {
  answer: DeviceEnrolled | null;
  error: string | null;
  requestId: string;
  type: "enrol_answer";
}
/**
 * A code that a signed-in person created for a broker; the TLS session proves the broker's key.
 */
export interface EnrolBroker {
  code: string;
  name: string;
}
/**
 * An egress's public key, proven by the code the person typed (`protocol.proof`, ceremony ``enrolment``).
 *
 * `sealing_key` is raw X25519. `proof` is by role ``egress`` over every other field.
 */
export interface EnrolEgress {
  codeId: string;
  name: string;
  nonce: string;
  proof: string;
  sealingKey: string;
}
/**
 * What is true of one `detailsToken`, or of one intent when approval comes first, at `issued_at`.
 *
 * With an intent, `token_hash` and `access_event_id` are null and `expires_at` is the intent's end.
 * `grants` are the standing rules in force for this agent. `egress_keys` name the keys of the
 * egresses enrolled for this broker: in surrogate mode a decision's recipient is one of them.
 *
 * Amounts are minor units of `expected_currency`. `remaining` is the most the card may still
 * authorise. `linked_origins` are the origins that a person approved before for `merchant_text`.
 * `reason` is what the agent asked for; facts of before it was approved too say none.
 */
export interface Facts {
  accessEventId: string | null;
  agentId: string;
  agentName: string;
  amountToleranceBasisPoints: number;
  approval: "passkey" | "step-up" | "click";
  brokerId: string;
  cardBrand: string;
  cardId: string;
  cardPurpose: string;
  cardType: "single" | "multi";
  egressKeys?: string[];
  expectedAmount: number | null;
  expectedCurrency: string;
  expiresAt: number;
  grants?: GrantState[];
  intentId?: string | null;
  issuedAt: number;
  last4: string;
  linkedOrigins: string[];
  maxAmount: number | null;
  merchantText: string | null;
  organisationName: string;
  origin: string | null;
  reason?: "one-time" | "subscription" | "preauth";
  remaining: number | null;
  stepUpAbove: number;
  summary: string;
  tokenHash: string | null;
  userName: string;
}
/**
 * A grant as LedgerOS keeps it: how often it acted today, and whether it still may.
 */
export interface GrantState {
  grant: Grant;
  lastUsedAt: number | null;
  revokedAt: number | null;
  usedToday: number;
  usedTotal: number;
}
/**
 * “Allow this agent here up to …”: every bound is a limit, none is a default that widens.
 *
 * `max_amount` bounds each payment (minor units). `count_per_day` bounds uses in a local calendar day.
 * `from_minute`/`to_minute` bound the local time of day (0–1440 means any; from > to spans midnight);
 * `utc_offset_minutes` fixes what local means. `ends_at` is required: nothing stands for ever.
 */
export interface Grant {
  agentId: string;
  agentName: string;
  countPerDay: number;
  createdAt: number;
  currency: string;
  deviceId: string;
  endsAt: number;
  fromMinute: number;
  grantId: string;
  maxAmount: number;
  modes: ("direct" | "surrogate")[];
  nonce: string;
  origin: string;
  toMinute: number;
  utcOffsetMinutes: number;
  version: 1;
}
/**
 * Extension → broker. `signature` (Ed25519, device key) is over digest("ledgeros/channel/v1/extension", {hello, welcome}).
 */
export interface Finish {
  signature: string;
  type: "finish";
}
/**
 * One encrypted chunk. `n` counts from 0 in each direction; `more` says that the message goes on.
 *
 * AES-256-GCM, IV = 4 zero bytes ‖ n (64-bit big-endian), associated data = ASCII
 * ``ledgeros/channel/v1 <e2b|b2e> <n> <0|1>``. Keys: HKDF-SHA256(X25519(ephemerals), salt =
 * digest("ledgeros/channel/v1/extension", {hello, welcome}), info ``ledgeros/channel/v1/keys``),
 * 64 bytes: extension→broker first, broker→extension second.
 */
export interface Frame {
  ciphertext: string;
  more: boolean;
  n: number;
  type: "frame";
}
/**
 * The token for a release that was approved on its intent.
 */
export interface GiveToken {
  detailsToken: string;
}
/**
 * Standing rules and how often they acted.
 */
export interface Grants {
  grants: GrantState[];
}
/**
 * Broker → extension: all rules after the change, or why it was refused.
 */
export interface GrantsAnswer {
  error: string | null;
  grants: GrantState[];
  requestId: string;
  type: "grants_answer";
}
/**
 * Status and headers of the merchant's answer, scrubbed. `Set-Cookie` may occur several times.
 */
export interface Head {
  headers: [string, string][];
  reason: string;
  requestId: string;
  status: number;
  type: "head";
}
/**
 * LedgerOS is there, and how it knows this broker. `alarm` is its organisation's newest of the last 24 hours.
 */
export interface Health {
  alarm?: TokenAlarm | null;
  brokerId: string;
  enrolled: boolean;
  organisationName: string | null;
  time: number;
}
/**
 * A details token, or a stand-in for a card's number, was presented where it should not be.
 *
 * ``another_agent`` is the broker's own: one agent brought the token of another. The others are LedgerOS's.
 * `message` is one sentence for the person and names no secret.
 */
export interface TokenAlarm {
  at: number;
  kind: "replayed" | "stolen" | "surrogate" | "another_agent";
  last4: string | null;
  message: string;
}
/**
 * Extension → broker, first on every connection. `device_key` is its raw Ed25519 public key.
 */
export interface Hello {
  deviceKey: string;
  ephemeral: string;
  extensionVersion: string;
  nonce: string;
  type: "hello";
  version: number;
}
/**
 * Native host → extension: the broker cannot be reached or is not the one we pinned. Unauthenticated: only ever shown.
 */
export interface HostFault {
  code: "broker_offline" | "broker_untrusted" | "certificate_expired" | "not_configured";
  message: string;
  type: "host_fault";
}
/**
 * What is this token, or this intent? Exactly one is given; nothing is consumed.
 */
export interface Introspect {
  intentId?: string | null;
  token?: string | null;
}
/**
 * `facts` is a signed introspection (`protocol.facts`) when `active`; otherwise `reason` says why not.
 */
export interface Introspected {
  active: boolean;
  facts: string | null;
  message: string | null;
  reason: ("unknown" | "expired" | "used" | "wrong_broker" | "blocked") | null;
}
/**
 * Extension → broker → LedgerOS: which rules there are; answered with `GrantsAnswer`.
 */
export interface ListGrants {
  requestId: string;
  type: "list_grants";
}
/**
 * Extension → broker → LedgerOS: a new standing rule; answered with `GrantsAnswer`.
 */
export interface MakeGrant {
  requestId: string;
  signed: SignedGrant;
  type: "make_grant";
}
/**
 * A grant with both signatures; the passkey's is not optional.
 */
export interface SignedGrant {
  deviceSignature: string;
  grant: Grant;
  passkey: PasskeyAssertion;
}
/**
 * Broker → extension: somebody asks for a release. `facts` is LedgerOS's signed introspection.
 */
export interface Offer {
  claimed: Claimed;
  expiresAt: number;
  facts: string;
  pageUrl: string | null;
  releaseId: string;
  requestedAt: number;
  type: "offer";
}
/**
 * Extension → broker instead of `Finish` when not paired. `proof`: ceremony ``pairing``, role ``extension``,
 * over ``{"hello", "welcome", "pair" without proof}``.
 */
export interface Pair {
  codeId: string;
  deviceName: string;
  proof: string;
  type: "pair";
}
/**
 * Broker → extension: it pinned this device. `proof`: role ``broker`` over ``{"hello", "welcome", "pair", "paired" without proof}``.
 *
 * `replaces` names what this pairing takes the place of. The session then goes on with `Finish`.
 */
export interface Paired {
  proof: string;
  replaces: string | null;
  type: "paired";
}
/**
 * Either way; answered with `Pong`. Keeps the worker awake and finds a dead channel.
 */
export interface Ping {
  type: "ping";
}
/**
 * The answer to `Ping`.
 */
export interface Pong {
  type: "pong";
}
/**
 * Extension → broker: whether somebody can be asked. Unattended and no grant: refused at once, never waited on.
 */
export interface Presence {
  attended: boolean;
  type: "presence";
}
/**
 * Extension → broker, surrogate mode: the stand-ins are in the form and its requests are watched; the agent may submit.
 *
 * `debugged`: another program debugged the tab right before; that is written down and changes nothing.
 */
export interface Ready {
  debugged?: boolean;
  fields: string[];
  releaseId: string;
  type: "ready";
}
/**
 * The token and the decision that spends it.
 */
export interface Redeem {
  signed: SignedDecision;
  token: string;
}
/**
 * Sealed credentials and the authorisation window they are good for; in surrogate mode also what the page is to hold.
 */
export interface Redeemed {
  accessEventId: string;
  sealed: Sealed;
  surrogate?: SurrogateCard | null;
  window: Window;
}
/**
 * One authorisation this card may pass, once, until `expires_at`.
 */
export interface Window {
  currency: string;
  expiresAt: number;
  id: string;
  maxAmount: number;
}
/**
 * Broker → extension, before it closes the connection.
 */
export interface Refused {
  code: "bad_code" | "no_code" | "too_many_tries" | "bad_signature" | "malformed";
  message: string;
  type: "refused";
}
/**
 * A release as the agent sees it: never a value, only which fields were filled.
 */
export interface Release {
  cardId: string | null;
  createdAt: number;
  expiresAt: number;
  fields: string[];
  finishedAt: number | null;
  id: string;
  intentId?: string | null;
  last4: string | null;
  message: string | null;
  mode: ("direct" | "surrogate") | null;
  nextStep: string | null;
  origin: string | null;
  outcome: Outcome | null;
  retryAt?: number | null;
  status: "pending" | "approved" | "filling" | "paying" | "finished";
}
/**
 * How a release ended, for the joined record. `fields` are field types, never values.
 *
 * `access_event_id` is null when a release on an intent ended before it had a token; `intent_id` names the intent then.
 * With ``denied`` and ``stopped``, `denial` is what makes it the person's word and not the broker's.
 */
export interface ReportOutcome {
  accessEventId: string | null;
  denial?: SignedDenial | null;
  fields: string[];
  intentId?: string | null;
  outcome: Outcome;
  releaseId: string;
}
/**
 * Extension → broker: how it ended there. `fields` are field types that hold a value now, `failed` those that do not.
 *
 * `detail` says in a sentence what the outcome alone does not, such as why a payment could not be paused.
 */
export interface Result {
  detail?: string | null;
  failed: string[];
  fields: string[];
  outcome: Outcome;
  releaseId: string;
  type: "result";
}
/**
 * One request the extension paused. Origins, frame and type come from browser APIs, never from the page.
 *
 * `top_origin` is the tab's, `frame_origin` that of the frame or worker that made the request;
 * `headers` are the page's as the browser reports them and are the agent's to choose.
 */
export interface Send {
  body: string;
  frameOrigin: string;
  /**
   * @maxItems 100
   */
  headers: [string, string][];
  method: string;
  releaseId: string;
  requestId: string;
  resourceType: "document" | "frame" | "fetch" | "xhr" | "ping" | "other";
  topOrigin: string;
  type: "send";
  url: string;
  userActivated?: boolean;
}
/**
 * Extension → broker: a person can see the request now.
 */
export interface Shown {
  releaseId: string;
  type: "shown";
}
/**
 * Broker → extension when it does not speak `Hello.version`; it then closes.
 */
export interface Skew {
  brokerVersion: string;
  type: "skew";
  versions: number[];
}
/**
 * Broker → extension, after the opening and when it changes.
 *
 * `alarm` is LedgerOS's newest about a token of the organisation, `own_alarm` the broker's about one that came to it: side by
 * side, so that neither hides the other.
 */
export interface Status {
  alarm?: TokenAlarm | null;
  enrolled: boolean;
  issuerReachable: boolean;
  organisationName: string | null;
  ownAlarm?: TokenAlarm | null;
  type: "status";
}
/**
 * Extension → broker: the person stopped a release they had approved, before anything was filled. Signed as a `Deny` is.
 */
export interface Stop {
  releaseId: string;
  signed?: SignedDenial | null;
  type: "stop";
}
/**
 * Broker → extension.
 *
 * `signature` (Ed25519, `broker_key`) is over digest("ledgeros/channel/v1/broker", {hello, welcome without signature}).
 */
export interface Welcome {
  brokerId: string;
  brokerKey: string;
  brokerVersion: string;
  ephemeral: string;
  nonce: string;
  paired: boolean;
  signature: string;
  time: number;
  type: "welcome";
  version: number;
}
/**
 * Broker → extension: the release is over; nothing more is to be done for it.
 */
export interface Withdrawn {
  message: string;
  outcome: Outcome;
  releaseId: string;
  type: "withdrawn";
}

/** Every outcome: what it means and what to do next. */
export const OUTCOMES: Record<Outcome, { sentence: string; nextStep: string; valueDelivered: boolean; retry: string }> = {
  "already_used": {
    "nextStep": "Stop and tell the person: somebody may have copied the token.",
    "retry": "no",
    "sentence": "The token was used before; an alarm was raised.",
    "valueDelivered": false
  },
  "ambiguous_tab": {
    "nextStep": "Leave one checkout tab open, then ask for new card details.",
    "retry": "same decision",
    "sentence": "Several tabs show this merchant and nobody picked one.",
    "valueDelivered": false
  },
  "amount_mismatch": {
    "nextStep": "Ask for new card details with the amount on the page.",
    "retry": "new request",
    "sentence": "The amount on the page is not the amount that was claimed.",
    "valueDelivered": false
  },
  "blocked_by_merchant": {
    "nextStep": "Look at the page; a person can pay in direct mode.",
    "retry": "new request",
    "sentence": "The merchant refused the payment request before it reached the card network.",
    "valueDelivered": true
  },
  "challenge_required": {
    "nextStep": "Leave the page open and let the person answer; do not pay again.",
    "retry": "no",
    "sentence": "The payment was sent and the bank asks the person to confirm it.",
    "valueDelivered": true
  },
  "denied": {
    "nextStep": "Do not ask again for the same purchase.",
    "retry": "no",
    "sentence": "The person denied this release.",
    "valueDelivered": false
  },
  "egress_unavailable": {
    "nextStep": "Ask the person to start it with ledgeros up, then ask for new card details.",
    "retry": "new request",
    "sentence": "The egress, which holds the card in surrogate mode, is not running or did not answer.",
    "valueDelivered": false
  },
  "expired": {
    "nextStep": "Ask for new card details when a person is there.",
    "retry": "new request",
    "sentence": "Nobody decided before the token expired.",
    "valueDelivered": false
  },
  "extension_offline": {
    "nextStep": "Ask the person to open the browser with the extension.",
    "retry": "new request",
    "sentence": "No paired browser is connected to the broker.",
    "valueDelivered": false
  },
  "field_rejected": {
    "nextStep": "Look at the named field; the form may be partly filled.",
    "retry": "new request",
    "sentence": "A field did not keep the value it was given.",
    "valueDelivered": true
  },
  "filled": {
    "nextStep": "Submit the form in the page.",
    "retry": "no",
    "sentence": "The checkout form was filled.",
    "valueDelivered": true
  },
  "internal_error": {
    "nextStep": "Look at the broker's log, then ask for new card details.",
    "retry": "new request",
    "sentence": "Something failed inside the broker or the extension.",
    "valueDelivered": false
  },
  "interrupted": {
    "nextStep": "Look at the page; if it is not filled, ask for new card details.",
    "retry": "new request",
    "sentence": "The broker stopped before the release was complete.",
    "valueDelivered": false
  },
  "invalid_token": {
    "nextStep": "Ask LedgerOS for new card details.",
    "retry": "same decision",
    "sentence": "LedgerOS does not know this token, or it expired.",
    "valueDelivered": false
  },
  "issuer_unavailable": {
    "nextStep": "Try again later with new card details.",
    "retry": "new request",
    "sentence": "LedgerOS did not answer.",
    "valueDelivered": false
  },
  "may_have_been_charged": {
    "nextStep": "Look at the order before paying again.",
    "retry": "no",
    "sentence": "The payment was sent and how it ended is not known; the card may have been charged.",
    "valueDelivered": true
  },
  "no_form": {
    "nextStep": "Go to the payment step, then ask for new card details.",
    "retry": "same decision",
    "sentence": "The page has no card form.",
    "valueDelivered": false
  },
  "no_tab": {
    "nextStep": "Open the checkout, then ask for new card details.",
    "retry": "same decision",
    "sentence": "No open tab shows the page of this purchase.",
    "valueDelivered": false
  },
  "not_enrolled": {
    "nextStep": "Ask the person to enrol it in the LedgerOS dashboard.",
    "retry": "new request",
    "sentence": "This broker or browser is not enrolled at LedgerOS.",
    "valueDelivered": false
  },
  "origin_changed": {
    "nextStep": "Return to the checkout, then ask for new card details.",
    "retry": "same decision",
    "sentence": "The tab went to another site after the approval; nothing was written.",
    "valueDelivered": false
  },
  "origin_mismatch": {
    "nextStep": "Check the address; a person must confirm a different one.",
    "retry": "new request",
    "sentence": "The page is not the merchant that was claimed.",
    "valueDelivered": false
  },
  "page_changed": {
    "nextStep": "Wait until the page is still, then ask for new card details.",
    "retry": "same decision",
    "sentence": "The page or its card fields changed after the approval; nothing was written.",
    "valueDelivered": false
  },
  "passkey_required": {
    "nextStep": "Ask the person to enrol a passkey in the extension's options page.",
    "retry": "new request",
    "sentence": "This approval needs a passkey and none is enrolled.",
    "valueDelivered": false
  },
  "refused_by_issuer": {
    "nextStep": "Read the message; the card, agent or user may be blocked.",
    "retry": "new request",
    "sentence": "LedgerOS refused the card's release.",
    "valueDelivered": false
  },
  "refused_by_rule": {
    "nextStep": "Read the named rule; a person can change it.",
    "retry": "new request",
    "sentence": "A rule refused this release.",
    "valueDelivered": false
  },
  "stopped": {
    "nextStep": "Do not ask again for the same purchase.",
    "retry": "no",
    "sentence": "The person stopped this release before anything was filled.",
    "valueDelivered": false
  },
  "submitted": {
    "nextStep": "Read the page for the merchant's answer.",
    "retry": "no",
    "sentence": "The payment request went out with the real card; the page never held it.",
    "valueDelivered": true
  },
  "swap_not_seen": {
    "nextStep": "Ask again and let the person choose direct mode, or teach this checkout.",
    "retry": "new request",
    "sentence": "The page sent no payment in which the stand-in could be replaced; the stand-in is worthless and was or will be declined.",
    "valueDelivered": false
  },
  "tab_closed": {
    "nextStep": "Open the checkout again, then ask for new card details.",
    "retry": "same decision",
    "sentence": "The checkout tab was closed.",
    "valueDelivered": false
  },
  "withdrawn": {
    "nextStep": "Ask again if it is still to be bought.",
    "retry": "new request",
    "sentence": "The agent took the request back before anything was filled.",
    "valueDelivered": false
  },
  "wrong_broker": {
    "nextStep": "Use the broker that the token was made for.",
    "retry": "new request",
    "sentence": "The token belongs to another broker.",
    "valueDelivered": false
  }
};

/** Every end of a paused request: what it means and what is done with the request. */
export const EGRESS_OUTCOMES: Record<EgressOutcome, { sentence: string; browser: "fulfil" | "continue" | "fail"; mayHaveBeenCharged: boolean }> = {
  "account_changed": {
    "browser": "fail",
    "mayHaveBeenCharged": false,
    "sentence": "The request is for another merchant account or processor than this shop used before; no real value was sent. A person can agree to it: ledgeros egress accounts allow."
  },
  "body_not_readable": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "The request's body is compressed, encrypted or in an unknown form, so it went out with the surrogate number."
  },
  "client_side_encrypted": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "This checkout encrypts the card inside the page, so the number cannot be swapped."
  },
  "destination_refused": {
    "browser": "fail",
    "mayHaveBeenCharged": false,
    "sentence": "The destination is not a public https address; no real value was sent."
  },
  "expired": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "The approval ended before the page sent its payment; the request went out with the surrogate number."
  },
  "field_mismatch": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "The request is not built the way this endpoint is registered, so it went out with the surrogate number."
  },
  "may_have_been_charged": {
    "browser": "fail",
    "mayHaveBeenCharged": true,
    "sentence": "The connection broke after the payment was sent; the card may have been charged."
  },
  "merchant_timeout": {
    "browser": "fail",
    "mayHaveBeenCharged": true,
    "sentence": "The merchant did not answer in time; the card may have been charged."
  },
  "merchant_unreachable": {
    "browser": "fail",
    "mayHaveBeenCharged": false,
    "sentence": "The payment endpoint could not be reached; nothing was sent."
  },
  "not_registered": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "No registered payment endpoint matches this request, so it went out with the surrogate number."
  },
  "origin_mismatch": {
    "browser": "fail",
    "mayHaveBeenCharged": false,
    "sentence": "The request comes from another page than the one that was approved; no real value was sent."
  },
  "redirect_refused": {
    "browser": "fulfil",
    "mayHaveBeenCharged": true,
    "sentence": "The payment was sent; the answer asks to send it on to a destination nobody registered, and it was not."
  },
  "request_refused": {
    "browser": "fail",
    "mayHaveBeenCharged": false,
    "sentence": "The request's method, address or headers have a form that no payment has, so no real value was sent."
  },
  "request_too_large": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "The request is larger than 4 MB, so it went out with the surrogate number."
  },
  "response_not_scrubbable": {
    "browser": "fail",
    "mayHaveBeenCharged": true,
    "sentence": "The merchant's answer could not be checked for the number, so it was withheld; the card may have been charged."
  },
  "response_too_large": {
    "browser": "fail",
    "mayHaveBeenCharged": true,
    "sentence": "The merchant's answer was too large to check for the number; the card may have been charged."
  },
  "swap_already_used": {
    "browser": "continue",
    "mayHaveBeenCharged": false,
    "sentence": "This approval has already paid once; the second request went out with the surrogate number."
  },
  "swapped": {
    "browser": "fulfil",
    "mayHaveBeenCharged": true,
    "sentence": "The payment request was sent with the real card."
  }
};

/** Hosts whose frames hold a payment processor's card fields (broker/protocol/processors.json): exact, or `*.` for one more label. */
export const FRAME_HOSTS: { rule: string; name: string; sandboxOnly: boolean }[] = [
  {
    "name": "Adyen",
    "rule": "*.checkoutshopper-live.adyenpayments.com",
    "sandboxOnly": false
  },
  {
    "name": "Braintree",
    "rule": "assets.braintreegateway.com",
    "sandboxOnly": false
  },
  {
    "name": "Adyen",
    "rule": "checkoutshopper-live.adyen.com",
    "sandboxOnly": false
  },
  {
    "name": "Adyen",
    "rule": "checkoutshopper-test.adyen.com",
    "sandboxOnly": false
  },
  {
    "name": "Demo processor, encrypting",
    "rule": "encrypting-pay.localhost",
    "sandboxOnly": true
  },
  {
    "name": "Demo processor, hosted fields",
    "rule": "hosted-fields.localhost",
    "sandboxOnly": true
  },
  {
    "name": "Demo processor, hosted fields",
    "rule": "hosted-pay.localhost",
    "sandboxOnly": true
  },
  {
    "name": "Checkout.com",
    "rule": "js.checkout.com",
    "sandboxOnly": false
  },
  {
    "name": "Stripe",
    "rule": "js.stripe.com",
    "sandboxOnly": false
  }
];
