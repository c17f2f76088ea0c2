/** Public names and keys of this browser and of what it trusts: shortened and copied whole on click, and the keys in full. */
import { useState } from "preact/hooks";
import type { About, AppState, PublicKey } from "./wire";

type Names = "version" | "extensionId" | "deviceId" | "brokerId";
const ROWS: [Names, string][] = [
  ["version", "Version"],
  ["extensionId", "Extension"],
  ["deviceId", "This browser at LedgerOS"],
  ["brokerId", "Broker"],
];
const KEYS: [Exclude<keyof About, Names>, string][] = [
  ["signingKey", "Signing key"],
  ["sealingKey", "Sealing key"],
  ["brokerKey", "Broker's key"],
  ["issuerKey", "LedgerOS's key"],
];

/** What there are keys of, each with the key where it is known here. */
function keysOf({ about, passkeys }: Pick<AppState, "about" | "passkeys">): [string, PublicKey | null][] {
  const persons = passkeys.map(({ key }, at): [string, PublicKey | null] => [passkeys.length === 1 ? "Passkey" : `Passkey ${at + 1}`, key]);
  return [...KEYS.map(([name, words]): [string, PublicKey | null] => [words, about[name]]), ...persons];
}

export function AboutThis({ about, passkeys }: Pick<AppState, "about" | "passkeys">) {
  const keys = keysOf({ about, passkeys });
  return (
    <section class="section" id="about">
      <h2>About</h2>
      <p class="muted">Compare these with what the broker and LedgerOS show. Keys are named by their first 16 bytes of SHA-256.</p>
      <dl class="about">
        {[...ROWS.map(([name, words]) => [words, about[name]] as const), ...keys.map(([words, key]) => [words, key && key.id] as const)].map(
          ([words, text]) => (
            <div key={words}>
              <dt>{words}</dt>
              <dd>{text === null ? <span class="muted">none</span> : <Copied text={text} words={words} />}</dd>
            </div>
          ),
        )}
      </dl>
      <details>
        <summary>Whole public keys</summary>
        <p class="muted small">Keep them apart from LedgerOS: ledgeros receipt verify takes LedgerOS's, this browser's signing key and a passkey's.</p>
        <dl class="about">
          {keys.map(
            ([words, key]) =>
              key && (
                <div key={words}>
                  <dt>{words}</dt>
                  <dd class="mono small whole">{key.whole}</dd>
                </div>
              ),
          )}
        </dl>
      </details>
    </section>
  );
}

const WHOLE = 16;

/** An id: shortened in the middle, copied whole on click. */
export function Copied({ text, words }: { text: string; words: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 2_000);
      },
      () => undefined,
    );
  const short = text.length <= WHOLE ? text : `${text.slice(0, 8)}…${text.slice(-6)}`;
  return (
    <>
      <button type="button" class="quiet mono" title={text} onClick={copy}>
        <span class="hidden">Copy {words} </span>
        {short}
      </button>
      <span role="status" class="done small">
        {copied && " copied ✓"}
      </span>
    </>
  );
}
