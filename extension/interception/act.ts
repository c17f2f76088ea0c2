/** What is done with a paused request: let it go on, fail it, or answer it with what the egress brought back. */
import { EGRESS_OUTCOMES } from "../protocol/messages";
import type { Answer } from "./answers";
import { command, type Place } from "./debuggee";
import { withoutUnpartitioned } from "./third_party";

/** Let the request go on as the page made it. */
export async function goOn(place: Place, requestId: string): Promise<void> {
  await command(place, "Fetch.continueRequest", { requestId });
}

/** Fail it: the page sees a network error, as if the line had broken. */
export async function failed(place: Place, requestId: string): Promise<void> {
  await command(place, "Fetch.failRequest", { requestId, errorReason: "ConnectionClosed" });
}

/**
 * Do what the outcome asks for. Without an answer the card may have been charged: the request must not go out again. `unpartitioned`:
 * the answer may set cookies of no partition.
 */
export async function carryOut(place: Place, requestId: string, answer: Answer | null, unpartitioned: boolean): Promise<void> {
  const step = answer ? EGRESS_OUTCOMES[answer.end.outcome].browser : "fail";
  if (step === "continue") return goOn(place, requestId);
  if (step === "fail" || !answer?.head || !answer.body) return failed(place, requestId);
  const { status, reason } = answer.head;
  const headers = unpartitioned ? answer.head.headers : withoutUnpartitioned(answer.head.headers);
  const fulfilled = await command(place, "Fetch.fulfillRequest", {
    requestId,
    responseCode: status,
    ...(reason ? { responsePhrase: reason } : {}),
    responseHeaders: headers.map(([name, value]) => ({ name, value })),
    body: base64(answer.body),
  });
  if (!fulfilled) await failed(place, requestId);
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
