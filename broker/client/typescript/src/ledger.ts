import { UnreachableError } from "./errors.js";
import { Endpoint, present, type Json } from "./transport.js";

/** One of the agent's cards. Amounts are minor units, null is unlimited. */
export interface Card {
  id: string;
  last4: string;
  brand: string;
  status: string;
  type: string;
  purpose: string;
  exposure: string;
  maxAmount: number | null;
  currentSpend: number;
  lockedMerchant: string | null;
}

/** The answer for an `extensionOnly` card: a single-use token, never a number. Do not print it. */
export interface CardDetails {
  accessEventId: string;
  detailsToken: string;
  tokenExpiresAt: number;
  last4: string;
}

/** What card details are for. With `subscription` the merchant may charge again: the person is told, and approves it. */
export type Reason = "one-time" | "subscription" | "preauth";

/** What is bought, in the agent's words. Amounts are minor units. */
export interface Wanted {
  summary: string;
  expectedAmount?: number;
  expectedCurrency?: string;
  merchantText?: string | undefined;
  reason?: Reason;
  clientContext?: Json;
  intentId?: string | undefined;
}

/** LedgerOS's API, as far as an agent uses it. */
export class LedgerClient extends Endpoint {
  protected readonly title = "LedgerOS";

  constructor(url: string, agentToken: string, caFile: string) {
    super(url, { "Api-Key": agentToken }, caFile);
  }

  /** `POST /v1/cards/{id}/details`. */
  async cardDetails(cardId: string, wanted: Wanted, signal?: AbortSignal): Promise<CardDetails> {
    const answer = await this.call("POST", `/v1/cards/${encodeURIComponent(cardId)}/details`, { body: present({ ...wanted }), signal });
    if (typeof answer["detailsToken"] !== "string") {
      throw new UnreachableError("LedgerOS did not answer a detailsToken.", "Use a card whose credentialExposure is extensionOnly.");
    }
    return answer as unknown as CardDetails;
  }

  /** `POST /v1/cards/{id}/intents`: what is to be bought, before anybody decided. Answers the intent's id. */
  async createIntent(cardId: string, intent: Json, signal?: AbortSignal): Promise<string> {
    const answer = await this.call("POST", `/v1/cards/${encodeURIComponent(cardId)}/intents`, { body: present(intent), signal });
    if (typeof answer["id"] !== "string") throw notTheApi("an intent");
    return answer["id"];
  }

  /** `POST /v1/intents/{id}/cancel`: it is not to be bought any more. */
  async cancelIntent(intentId: string): Promise<void> {
    await this.call("POST", `/v1/intents/${encodeURIComponent(intentId)}/cancel`, { body: {}, timeout: 5_000 });
  }

  /** `GET /v1/cards/{id}`. */
  async card(cardId: string): Promise<Card> {
    return readCard(await this.call("GET", `/v1/cards/${encodeURIComponent(cardId)}`));
  }

  /** `GET /v1/cards`: this agent's cards, newest first. */
  async cards(limit = 100): Promise<Card[]> {
    const { data } = await this.call("GET", `/v1/cards?limit=${limit}`);
    if (!Array.isArray(data)) throw notTheApi("a list");
    return data.map(readCard);
  }
}

/** Named members only: whatever else an answer holds goes no further. */
function readCard(answer: Json): Card {
  if (typeof answer["id"] !== "string") throw notTheApi("a card");
  const { id, last4, brand, status, type, purpose, credentialExposure: exposure, maxAmount, currentSpend, lockedMerchant } = answer;
  return { id, last4, brand, status, type, purpose, exposure, maxAmount, currentSpend, lockedMerchant } as unknown as Card;
}

function notTheApi(what: string): UnreachableError {
  return new UnreachableError(`LedgerOS answered something else than ${what}.`, "Use a client of LedgerOS's version.");
}
