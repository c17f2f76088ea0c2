/** Having the person's passkey sign what the worker drafted. */
import { unb64u } from "../protocol/canonical";
import type { PasskeyAssertion } from "../protocol/messages";
import { assertPasskey } from "../release/passkey";

/** The signature over `challenge` (base64url), or null when the person did not give it. */
export function sign(challenge: string, credentialIds: string[]): Promise<PasskeyAssertion | null> {
  return assertPasskey(unb64u(challenge), credentialIds).catch(() => null);
}

/** What to say of an error. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something failed inside the extension.";
}
