/** What a release fills, as the worker hands it over. */
export type { Billing, FillValues as CardValues } from "./engine/values";
