/** Making a standing rule in the options page: for whom, where, its bounds, and who may see the number. */
import { useState } from "preact/hooks";
import type { TypedBounds } from "../policy/bounds";
import type { Mode } from "../release/mode";
import { BoundsFields, firstBounds } from "./BoundsFields";
import { sign, wordsOf } from "./sign";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

/** Agents that have asked in this browser, or have a rule. */
function agentsOf({ history, grants }: AppState): { id: string; name: string }[] {
  const named = [...history.map(({ agentId, agentName }) => [agentId, agentName]), ...(grants ?? []).map(({ grant }) => [grant.agentId, grant.agentName])];
  return [...new Map(named.filter(([id]) => id) as [string, string][])].map(([id, name]) => ({ id, name }));
}

export function RuleForm({ state, worker }: { state: AppState; worker: Worker }) {
  const agents = agentsOf(state);
  const [agentId, setAgentId] = useState("");
  const [origin, setOrigin] = useState("");
  const [currency, setCurrency] = useState("USD");
  const [bounds, setBounds] = useState<TypedBounds>(() => firstBounds(null, "USD"));
  const [shown, setShown] = useState(false);
  const [said, setSaid] = useState<{ meaning: "done" | "bad"; words: string } | null>(null);
  const agent = agents.find(({ id }) => id === agentId) ?? agents[0];
  if (!agent) return <p class="muted">To make a rule here, let the agent ask once first.</p>;
  if (state.passkeys.length === 0) return <p class="muted">To make a rule, add a passkey first.</p>;

  async function make(event: SubmitEvent) {
    event.preventDefault();
    if (!agent) return;
    setSaid(null);
    try {
      const site = origin.includes("://") ? origin.trim() : `https://${origin.trim()}`;
      const modes: Mode[] = shown ? ["direct", "surrogate"] : ["surrogate"];
      const subject = { agentId: agent.id, agentName: agent.name, origin: site, currency: currency.trim().toUpperCase(), modes };
      const { ticket, challenge, credentialIds } = await worker.ask("draftRule", { subject, bounds });
      const passkey = await sign(challenge ?? "", credentialIds);
      if (!passkey) throw new Error("The passkey did not sign. No rule was made.");
      await worker.ask("makeRule", { ticket, passkey });
      setOrigin("");
      setShown(false);
      setSaid({ meaning: "done", words: "The rule holds from now on." });
    } catch (error) {
      setSaid({ meaning: "bad", words: wordsOf(error) });
    }
  }

  return (
    <details>
      <summary>Make a rule</summary>
      <form class="stack" onSubmit={(event) => void make(event)}>
        <label>
          Agent
          <select name="rule-agent" value={agent.id} onChange={(event) => setAgentId(event.currentTarget.value)}>
            {agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <div class="fields site">
          <label>
            Site
            <input type="text" name="rule-origin" value={origin} onInput={(event) => setOrigin(event.currentTarget.value)} placeholder="shop.example.com" spellcheck={false} required />
          </label>
          <label>
            Currency
            <input type="text" name="rule-currency" value={currency} maxLength={3} onInput={(event) => setCurrency(event.currentTarget.value)} required />
          </label>
        </div>
        <BoundsFields bounds={bounds} currency={currency.toUpperCase()} onChange={setBounds} />
        <WhoSees shown={shown} onShown={setShown} />
        <button type="submit" class="primary">
          Sign with your passkey
        </button>
        <p role="status" class={said?.meaning ?? ""}>
          {said && `${said.meaning === "done" ? "✓" : "✕"} ${said.words}`}
        </p>
      </form>
    </details>
  );
}

/** Whether the rule may also fill the number into a page: never by itself. */
function WhoSees({ shown, onShown }: { shown: boolean; onShown(shown: boolean): void }) {
  const choice = (value: boolean, words: string) => (
    <label class="check">
      <input type="radio" name="rule-sees" checked={shown === value} onChange={() => onShown(value)} />
      <span>{words}</span>
    </label>
  );
  return (
    <fieldset class="stack">
      <legend>Who sees the number</legend>
      {choice(false, "Not the page: the rule holds only where the number is kept from it.")}
      {choice(true, "The page too: the rule also fills the number in.")}
      {shown && <p class="note look">! A page that is paid so, and an agent that reads it, will see the number with nobody asked.</p>}
    </fieldset>
  );
}
