import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { BrokerClient, type Release } from "./broker.js";
import { readConfiguration, type Configuration } from "./configuration.js";
import { AgentError, UnreachableError } from "./errors.js";
import { LedgerClient, type Card, type Reason } from "./ledger.js";
import { payment, paymentOf, paymentUnderWay, refused, type Payment } from "./payment.js";

const TRIES = 2;
const FILL_SECONDS = 120;
const DECISION_SECONDS = 900;
const SETTLE_SECONDS = 150;

/** What to pay for. `amount` is in minor units; `purpose` and `merchant` are your words for the person. */
export interface PayOptions {
  pageUrl: string;
  card: string;
  amount: number;
  purpose: string;
  currency?: string;
  merchant?: string;
  /** `subscription` when the merchant will charge again; `one-time` unless told otherwise, and then later charges are declined. */
  reason?: Reason;
  /** The person decides before a token is made (default); false makes the token first, and there is no second try. */
  approvalFirst?: boolean;
  /** How long to wait for a person; 900 unless told otherwise. */
  waitSeconds?: number;
  /** Aborting takes the request back: nothing is filled later. */
  signal?: AbortSignal;
}

type Purchase = PayOptions & { origin: string; currency: string; reason: Reason; waitSeconds: number };

/** An agent's way to pay. `close` it when you are done. */
export class LedgerOS {
  readonly ledger: LedgerClient;
  readonly broker: BrokerClient;
  readonly #settleMs: number;

  constructor(configuration: Configuration, options: { settleMs?: number } = {}) {
    this.ledger = new LedgerClient(configuration.ledgerUrl, configuration.agentToken, configuration.caFile);
    this.broker = new BrokerClient(configuration.brokerUrl, configuration.brokerCredential, configuration.caFile);
    this.#settleMs = options.settleMs ?? 1_000;
  }

  /** With the configuration in a JSON file; throws `ConfigurationError`. */
  static fromFile(path: string): LedgerOS {
    return new LedgerOS(readConfiguration(path));
  }

  /** Lets go of the connections. */
  close(): void {
    this.ledger.close();
    this.broker.close();
  }

  /** One of this agent's cards. */
  card(cardId: string): Promise<Card> {
    return this.ledger.card(cardId);
  }

  /** This agent's cards, newest first (at most 100). */
  cards(): Promise<Card[]> {
    return this.ledger.cards();
  }

  /**
   * Have the checkout on `pageUrl` filled once a person or a standing rule approved it.
   *
   * When the answer is `ready`, submit the form, then ask `settled` how the payment ended.
   *
   * Throws `AgentError` for a request that is wrong, `UnreachableError` when LedgerOS or the broker does not answer,
   * `TypeError` for an argument.
   */
  async pay(options: PayOptions): Promise<Payment> {
    const purchase = checked(options);
    try {
      return await (options.approvalFirst === false ? this.#tokenFirst(purchase) : this.#decideFirst(purchase));
    } catch (error) {
      const ended = error instanceof AgentError ? refused(error) : null;
      if (ended === null) throw error;
      return ended;
    }
  }

  /**
   * How a payment ended after the form was submitted: at once in direct mode, when the payment went out in surrogate mode.
   *
   * After `waitSeconds` it is answered as it stands, `code` still null.
   */
  async settled(begun: Payment, options: { waitSeconds?: number; signal?: AbortSignal } = {}): Promise<Payment> {
    if (begun.code !== null || begun.releaseId === null) return begun;
    const release = await this.broker.wait(begun.releaseId, options.waitSeconds ?? SETTLE_SECONDS, options.signal);
    const settled = standing(release);
    if (release.intentId !== null && settled.code !== null && !settled.valueDelivered) {
      await this.ledger.cancelIntent(release.intentId).catch(() => undefined);
    }
    return settled;
  }

  async #tokenFirst(purchase: Purchase): Promise<Payment> {
    const { card, purpose, amount, currency, merchant, reason, origin, pageUrl, signal } = purchase;
    const words = { summary: purpose, merchantText: merchant, reason };
    const wanted = { ...words, expectedAmount: amount, expectedCurrency: currency, clientContext: { origin } };
    const { detailsToken } = await this.ledger.cardDetails(card, wanted, signal);
    const release = await this.broker.requestRelease({ detailsToken, pageUrl, purpose }, signal);
    return standing(await this.broker.waitUntilReady(release.id, purchase.waitSeconds, signal));
  }

  async #decideFirst(purchase: Purchase): Promise<Payment> {
    const intent = {
      intentId: `pay_${randomBytes(12).toString("hex")}`,
      summary: purchase.purpose,
      expectedAmount: purchase.amount,
      expectedCurrency: purchase.currency,
      expectedMerchant: purchase.merchant,
      reason: purchase.reason,
      ttlMinutes: Math.max(1, Math.min(1_440, Math.round(purchase.waitSeconds / 60) + 15)),
    };
    const intentId = await this.ledger.createIntent(purchase.card, intent, purchase.signal);
    let ending: Payment | undefined;
    const { pageUrl, purpose, signal } = purchase;
    // Without the signal, so that a caller who gives up meanwhile still learns which release there is to take back.
    const asking = this.broker.requestRelease({ intentId, pageUrl, purpose });
    try {
      const asked = await asking;
      signal?.throwIfAborted();
      ending = await this.#release(purchase, asked);
      return ending;
    } finally {
      // Also when the caller aborted: an approval that comes later must not fill a page nobody waits at.
      if (!(ending?.ready || ending?.valueDelivered)) await this.#takeBack(intentId, asking);
    }
  }

  /** Withdraw the release, so that the person is asked no more, and cancel the intent, so that no token of it counts. */
  async #takeBack(intentId: string, asking: Promise<Release>): Promise<void> {
    const asked = await asking.catch(() => undefined);
    // A release of another intent is somebody else's: this request only repeated it.
    if (asked?.intentId === intentId) await this.broker.withdraw(asked.id).catch(() => undefined);
    await this.ledger.cancelIntent(intentId).catch(() => undefined);
  }

  async #release(purchase: Purchase, asked: Release): Promise<Payment> {
    const { waitSeconds, signal } = purchase;
    let release = await this.broker.waitForDecision(asked.id, waitSeconds, signal);
    if (release.status === "pending") return payment("expired", "Nobody decided in time; the request was taken back.", null, release);
    for (let attempt = 0; attempt < TRIES && release.status === "approved"; attempt++) {
      if (attempt > 0) await sleep(this.#settleMs, undefined, { signal });
      release = await this.#fill(purchase, release);
    }
    return standing(release);
  }

  async #fill(purchase: Purchase, release: Release): Promise<Release> {
    const { card, purpose, reason, origin, signal } = purchase;
    // The broker merges a repeated request into the release that is open: the token must be of that one's intent.
    const wanted = { summary: purpose, reason, intentId: release.intentId ?? undefined, clientContext: { origin } };
    const { detailsToken } = await this.ledger.cardDetails(card, wanted, signal);
    try {
      await this.broker.giveToken(release.id, detailsToken, signal);
    } catch (error) {
      // Without an answer it may have arrived: the release says whether the page was filled, and a token is never given twice.
      const told = error instanceof UnreachableError || (error instanceof AgentError && error.code === "no_token_wanted");
      if (!told) throw error;
    }
    return this.broker.waitForFill(release.id, FILL_SECONDS, signal);
  }
}

function checked(options: PayOptions): Purchase {
  if (!Number.isSafeInteger(options.amount) || options.amount <= 0) {
    throw new TypeError("amount must be a whole number of minor units above 0 (49.90 is 4990)");
  }
  const page = URL.canParse(options.pageUrl) ? new URL(options.pageUrl) : null;
  if (page === null || !/^https?:$/.test(page.protocol) || page.username !== "" || page.password !== "") {
    throw new TypeError("pageUrl is not a web address");
  }
  const { currency = "USD", reason = "one-time", waitSeconds = DECISION_SECONDS } = options;
  return { ...options, origin: page.origin, currency, reason, waitSeconds };
}

function standing(release: Release): Payment {
  if (release.status === "paying") return paymentUnderWay(release);
  if (release.outcome === null) {
    throw new UnreachableError("The broker has not said how the release ended.", `Look at the page, and at release ${release.id}.`);
  }
  return paymentOf(release, release.outcome);
}
