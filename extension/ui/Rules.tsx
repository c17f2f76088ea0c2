/** Standing rules in the options page: listed, made, revoked. */
import { useEffect, useState } from "preact/hooks";
import type { TypedBounds } from "../policy/bounds";
import { describe } from "../policy/grants";
import type { GrantState } from "../protocol/messages";
import { BoundsFields, firstBounds } from "./BoundsFields";
import { Mark } from "./marks";
import { Place } from "./Origin";
import { sign, wordsOf } from "./sign";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

interface Props {
  state: AppState;
  worker: Worker;
}

export function Rules({ state, worker }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const online = state.channel.kind === "online" && state.issuer !== null;
  useEffect(() => {
    if (online) worker.ask("listRules", {}).then(() => setProblem(null), (error) => setProblem(wordsOf(error)));
  }, [online, worker]);
  const revoke = (grantId: string) => void worker.ask("revokeRule", { grantId }).catch((error) => setProblem(wordsOf(error)));
  return (
    <section class="section" id="rules">
      <h2>Standing rules</h2>
      <p class="muted">A rule lets an agent pay without asking you, inside its bounds. Your passkey signs it; LedgerOS counts every use.</p>
      {/* Above what comes later, so that nothing moves it under the pointer. */}
      <Making state={state} worker={worker} />
      {problem && (
        <p class="note look" role="status">
          ! {problem}
        </p>
      )}
      {state.grants && (state.grants.length === 0 ? <p>There are no rules.</p> : <List grants={state.grants} onRevoke={revoke} />)}
    </section>
  );
}

function List({ grants, onRevoke }: { grants: GrantState[]; onRevoke(grantId: string): void }) {
  return (
    <ul class="history">
      {grants.map((state) => {
        const { grant, revokedAt, usedToday, usedTotal, lastUsedAt } = state;
        const ended = grant.endsAt <= Date.now();
        return (
          <li key={grant.grantId}>
            <span>
              <strong>{grant.agentName}</strong> at <Place origin={grant.origin} />
            </span>
            {revokedAt !== null ? (
              <Mark meaning="over" word="Revoked" />
            ) : ended ? (
              <Mark meaning="over" word="Ended" />
            ) : (
              <button type="button" class="quiet" onClick={() => onRevoke(grant.grantId)}>
                Revoke
              </button>
            )}
            <span class="muted small wide">
              {describe(grant)} · used {usedToday} of {grant.countPerDay} today, {usedTotal} in all
              {lastUsedAt !== null && `, last ${new Date(lastUsedAt).toLocaleString()}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Agents that have asked in this browser, or have a rule. */
function agentsOf({ history, grants }: AppState): { id: string; name: string }[] {
  const named = [...history.map(({ agentId, agentName }) => [agentId, agentName]), ...(grants ?? []).map(({ grant }) => [grant.agentId, grant.agentName])];
  return [...new Map(named.filter(([id]) => id) as [string, string][])].map(([id, name]) => ({ id, name }));
}

function Making({ state, worker }: Props) {
  const agents = agentsOf(state);
  const [agentId, setAgentId] = useState("");
  const [origin, setOrigin] = useState("");
  const [currency, setCurrency] = useState("USD");
  const [bounds, setBounds] = useState<TypedBounds>(() => firstBounds(null, "USD"));
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
      const subject = { agentId: agent.id, agentName: agent.name, origin: site, currency: currency.trim().toUpperCase() };
      const { ticket, challenge, credentialIds } = await worker.ask("draftRule", { subject, bounds });
      const passkey = await sign(challenge ?? "", credentialIds);
      if (!passkey) throw new Error("The passkey did not sign. No rule was made.");
      await worker.ask("makeRule", { ticket, passkey });
      setOrigin("");
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
