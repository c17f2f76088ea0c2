/** Public names of this browser and of what it trusts: shortened, copied whole on click. */
import { useState } from "preact/hooks";
import type { About } from "./wire";

const ROWS: [keyof About, string][] = [
  ["version", "Version"],
  ["extensionId", "Extension"],
  ["deviceId", "This browser at LedgerOS"],
  ["brokerId", "Broker"],
  ["signingKey", "Signing key"],
  ["sealingKey", "Sealing key"],
  ["brokerKey", "Broker's key"],
  ["issuerKey", "LedgerOS's key"],
];

export function AboutThis({ about }: { about: About }) {
  return (
    <section class="section" id="about">
      <h2>About</h2>
      <p class="muted">Compare these with what the broker and LedgerOS show. Keys are named by their first 16 bytes of SHA-256.</p>
      <dl class="about">
        {ROWS.map(([name, words]) => (
          <div key={name}>
            <dt>{words}</dt>
            <dd>{about[name] === null ? <span class="muted">none</span> : <Copied text={about[name]} words={words} />}</dd>
          </div>
        ))}
      </dl>
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
