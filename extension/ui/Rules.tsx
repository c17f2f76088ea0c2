/** Standing rules in the options page: listed and revoked; made in `RuleForm.tsx`. */
import { useEffect, useState } from "preact/hooks";
import { describe } from "../policy/grants";
import type { GrantState } from "../protocol/messages";
import { Mark } from "./marks";
import { Place } from "./Origin";
import { RuleForm } from "./RuleForm";
import { wordsOf } from "./sign";
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
      <RuleForm state={state} worker={worker} />
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
