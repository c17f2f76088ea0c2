/** Whether a request of the page has a form in which the channel carries it: method, address and headers are the page's to choose. */
import type { Send } from "../protocol/messages";
import { is } from "../protocol/validate";

// MAX_HEADERS in broker/protocol/egress.py: the schema says nothing about all of them together.
const MOST_HEADERS = 65_536;

/** Whether the broker would read it as a `Send`. The body is our own base64url and was measured before; to look through it again takes long. */
export function isSendable(send: Send): boolean {
  return sizeOf(send.headers) <= MOST_HEADERS && is("Send", { ...send, body: "" });
}

/** The first look at a form takes some milliseconds: not while a payment waits. */
export function prepare(): void {
  is("Send", null);
}

function sizeOf(headers: Send["headers"]): number {
  return headers.reduce((size, [name, value]) => size + name.length + value.length, 0);
}
