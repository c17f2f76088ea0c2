/** Standing rules of this browser: drafted here, signed by the person's passkey in a page, kept and counted by LedgerOS. */
import type { Asking } from "../channel/requests";
import { parseOrigin } from "../core/origin";
import { plainText } from "../core/text";
import type { Device } from "../keys/device";
import { readPins } from "../keys/pins";
import { type Bounds, BoundsError } from "../policy/bounds";
import { b64u, nonce } from "../protocol/canonical";
import { grantDigest } from "../protocol/grants";
import type { Grant, GrantState, GrantsAnswer, PasskeyAssertion } from "../protocol/messages";
import { is } from "../protocol/validate";
import type { Mode } from "../release/mode";
import { fillable } from "../release/tabs";
import { type Ticket, Tickets } from "./tickets";

/** Whom and where a rule is for, and who may see the number. */
export interface Subject {
  agentId: string;
  agentName: string;
  origin: string;
  currency: string;
  modes: Mode[];
}

export class Standing {
  /** As the broker last told; null before it did. Only ever shown: what acts are the rules inside LedgerOS's signed facts. */
  grants: GrantState[] | null = null;
  #drafts = new Tickets<Grant>();

  constructor(
    private readonly device: Promise<Device>,
    private readonly asking: Asking,
    private readonly changed: () => void,
  ) {}

  async list(): Promise<void> {
    this.#told(await this.asking.ask({ type: "list_grants" }));
  }

  /** A rule as of `now` (LedgerOS's clock), to be signed by the passkey. Throws `BoundsError`. */
  async draft(subject: Subject, bounds: Bounds, now: number): Promise<Ticket> {
    const { issuer, passkeys } = await readPins();
    if (!issuer) throw new BoundsError("This browser is not enrolled at LedgerOS.");
    if (passkeys.length === 0) throw new BoundsError("A rule needs your passkey, and none is set up.");
    const origin = parseOrigin(subject.origin);
    if (!fillable(origin)) throw new BoundsError("Say the site as its address, such as https://shop.example.com.");
    const { agentId, agentName, currency, modes } = subject;
    const grant: Grant = {
      version: 1,
      grantId: newId("grant"),
      deviceId: issuer.deviceId,
      agentId,
      agentName,
      origin,
      currency,
      ...bounds,
      modes,
      createdAt: now,
      nonce: nonce(),
    };
    if (!is("Grant", grant)) throw new BoundsError("These bounds are not a rule that LedgerOS knows.");
    return this.#drafts.issue(grant, await grantDigest(grant), passkeys.map(({ credentialId }) => credentialId));
  }

  /** The passkey signed the draft: have LedgerOS keep it. */
  async make(ticket: string, passkey: PasskeyAssertion): Promise<void> {
    const grant = this.#drafts.take(ticket);
    const device = await this.device;
    const deviceSignature = b64u(await device.sign(await grantDigest(grant)));
    this.#told(await this.asking.ask({ type: "make_grant", signed: { grant, deviceSignature, passkey } }));
  }

  #told({ grants, error }: GrantsAnswer): void {
    if (error !== null) throw new Error(plainText(error) || "LedgerOS refused the rule.");
    this.grants = [...grants].sort((a, b) => b.grant.createdAt - a.grant.createdAt);
    this.changed();
  }
}

const ID_CHARACTERS = "0123456789abcdefghjkmnpqrstvwxyz";

function newId(prefix: string): string {
  const random = crypto.getRandomValues(new Uint8Array(26));
  return `${prefix}_${[...random].map((byte) => ID_CHARACTERS[byte & 31]).join("")}`;
}
