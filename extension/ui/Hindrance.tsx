/** Why nothing can be approved now, with what mends it. */
import { useRef } from "preact/hooks";
import type { ChannelState } from "../channel/connection";
import type { RequestView } from "../release/view";

export interface Hindrance {
  words: string;
  link?: { to: string; words: string };
}

/** The channel as it is shown: while it is tried again the last fault stays, so that nothing moves with every attempt. */
export function useFault(channel: ChannelState): ChannelState {
  const last = useRef<ChannelState | null>(null);
  if (channel.kind === "online" || channel.kind === "offline") last.current = channel.kind === "offline" ? channel : null;
  return channel.kind === "connecting" ? (last.current ?? channel) : channel;
}

export function hindranceOf({ state, paying, passkey }: RequestView, channel: ChannelState, passkeys: number): Hindrance | null {
  if (channel.kind === "offline") return { words: `Nothing can be approved now. ${channel.message} ${channel.cure}` };
  if (channel.kind !== "online") return { words: "Nothing can be approved now: the broker is not connected yet." };
  if (state === "waiting" && paying.mustPick) return { words: "Choose first whether this page may see the number." };
  if (!passkey || passkeys > 0) return null;
  return { words: "This needs your passkey, and none is set up.", link: { to: "options.html#passkeys", words: "Add a passkey" } };
}

export function Hindered({ words, link }: Hindrance) {
  return (
    <>
      <span aria-hidden="true">! </span>
      {words}{" "}
      {link && (
        <a href={link.to} target="_blank">
          {link.words}
        </a>
      )}
    </>
  );
}
