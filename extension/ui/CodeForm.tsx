/** Typing a code, of the broker or of LedgerOS: the field, one attempt at a time, and what came of it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface Said {
  meaning: "done" | "bad";
  words: string;
}

/** A form around a code. `attempt` answers what to say when it worked; `allowed` says whether it may be tried at all. */
export function useCode(attempt: (code: string) => Promise<string>, wordsOf: (error: unknown) => string, allowed = true) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (busy || !allowed) return;
    setBusy(true);
    setSaid(null);
    try {
      const words = await attempt(code);
      setCode("");
      setSaid({ meaning: "done", words });
    } catch (error) {
      setSaid({ meaning: "bad", words: wordsOf(error) });
    } finally {
      setBusy(false);
    }
  }

  return { code, setCode, busy, said, submit: (event: SubmitEvent) => void submit(event) };
}

export function CodeField({ name, code, onCode, children }: { name: string; code: string; onCode(code: string): void; children: ComponentChildren }) {
  return (
    <label>
      {children}
      <input
        class="code"
        type="text"
        name={name}
        value={code}
        onInput={(event) => onCode(event.currentTarget.value)}
        placeholder="XXXX-XXXX-XXXX-XXXX"
        autocomplete="off"
        spellcheck={false}
        required
      />
    </label>
  );
}

/** What came of the last attempt; before there was one, `before`. */
export function Outcome({ said, before = "" }: { said: Said | null; before?: string }) {
  return (
    <p role="status" class={said?.meaning ?? (before ? "look" : "")}>
      {said ? `${said.meaning === "done" ? "✓" : "✕"} ${said.words}` : before}
    </p>
  );
}
