/**
 * LedgerOS for agents: `pay` has the checkout on a page filled once a person, or a rule they made, decided.
 * Nothing here answers a card number.
 */

export { BrokerClient, type Release } from "./broker.js";
export { ConfigurationError, readConfiguration, type Configuration } from "./configuration.js";
export { AgentError, UnreachableError } from "./errors.js";
export { LedgerClient, type Card, type CardDetails, type Reason } from "./ledger.js";
export { LedgerOS, type PayOptions } from "./ledgeros.js";
export { OUTCOMES, type Meaning, type Outcome, type Retry } from "./outcomes.js";
export type { Payment } from "./payment.js";
