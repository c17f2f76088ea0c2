/** Which sites' frames hold a payment processor's card fields: the registry of broker/protocol/processors.json. Pure. */
import type { IssuerPin } from "../keys/pins";
import { FRAME_HOSTS } from "../protocol/messages";

/** Whether the LedgerOS that this browser enrolled at runs on this machine: only there do the demo's processors count. */
export function inSandbox(issuer: IssuerPin | null): boolean {
  return issuer !== null && URL.canParse(issuer.userFacingOrigin) && onThisMachine(new URL(issuer.userFacingOrigin).hostname);
}

/** Whether a host can only be this machine (RFC 6761, section 6.3). */
export function onThisMachine(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "127.0.0.1";
}

/** The processor that shows its fields in frames of `origin`, or null. */
export function processorOf(origin: string, sandbox: boolean): string | null {
  const { protocol, hostname, port } = new URL(origin);
  const entry = FRAME_HOSTS.find(({ rule, sandboxOnly }) => (sandbox || !sandboxOnly) && matches(rule, hostname));
  if (!entry) return null;
  // Another port is another server; the demo's are wherever they found a free one.
  return entry.sandboxOnly || (protocol === "https:" && port === "") ? entry.name : null;
}

function matches(rule: string, host: string): boolean {
  if (!rule.startsWith("*.")) return host === rule;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === rule.slice(1);
}
