/** Why there is no channel, in words a person can act on. */

export type FaultCode =
  | "host_missing"
  | "broker_offline"
  | "broker_untrusted"
  | "certificate_expired"
  | "not_configured"
  | "broker_outdated"
  | "extension_outdated"
  | "another_broker"
  | "forgotten"
  | "refused"
  | "violation"
  | "silent";

const WORDS: Record<FaultCode, { message: string; cure: string }> = {
  host_missing: { message: "The LedgerOS broker is not installed for this browser.", cure: "Run ledgeros install, then open this again." },
  broker_offline: { message: "The broker is not running.", cure: "Start it with ledgeros up." },
  broker_untrusted: { message: "What answers is not your broker.", cure: "Run ledgeros doctor to see which program took its place." },
  certificate_expired: { message: "A certificate has expired, or this machine's clock is wrong.", cure: "Run ledgeros certs rotate." },
  not_configured: { message: "The connection to the broker is not set up.", cure: "Run ledgeros install." },
  broker_outdated: { message: "The broker is older than this extension, and they do not understand each other.", cure: "Update LedgerOS, then start it again with ledgeros up." },
  extension_outdated: { message: "This extension is older than the broker, and they do not understand each other.", cure: "Run ledgeros install, then click Reload at chrome://extensions." },
  another_broker: { message: "Another broker answers than the one you paired.", cure: "If you replaced it, pair again. If not, run ledgeros doctor." },
  forgotten: { message: "The broker no longer knows this browser.", cure: "Pair again with a code from ledgeros pair." },
  refused: { message: "The broker refused the connection.", cure: "Run ledgeros doctor." },
  violation: { message: "The connection was cut: a message did not fit the protocol.", cure: "It is tried again; if this stays, run ledgeros doctor." },
  silent: { message: "The broker stopped answering.", cure: "Start it again with ledgeros up." },
};

/** A channel that could not be opened or had to be closed. `message` and `cure` are fixed words, never the peer's. */
export class ChannelFault extends Error {
  readonly cure: string;

  constructor(
    readonly code: FaultCode,
    /** What a pairing answered, where our own words would say less. */
    readonly reason: string | null = null,
  ) {
    super(WORDS[code].message);
    this.cure = WORDS[code].cure;
  }
}

/** Any error as a channel fault: what we did not foresee is a protocol violation. */
export function asFault(error: unknown): ChannelFault {
  return error instanceof ChannelFault ? error : new ChannelFault("violation");
}
