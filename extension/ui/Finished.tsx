/** What happened to a request that is over. */
import { meaningOf } from "../release/meaning";
import type { Regretted as Regret } from "../release/release";
import type { RequestView } from "../release/view";
import { fieldNames, Mark, outcomeSentence, outcomeWord } from "./marks";
import { Place } from "./Origin";

export function Finished({ request, next, onNext }: { request: RequestView; next: number; onNext(): void }) {
  const outcome = request.outcome ?? "internal_error";
  return (
    <>
      <header class="line">
        <h1 class="who">{request.agentName}</h1>
        <Mark meaning={meaningOf(outcome)} word={outcomeWord(outcome)} />
      </header>
      <div class={`note ${meaningOf(outcome)}`} role="status">
        <p>{outcomeSentence(outcome)}</p>
        {request.detail && request.detail !== outcomeSentence(outcome) && <p>{request.detail}</p>}
        {request.fields.length > 0 && <p>Filled: {fieldNames(request.fields)}.</p>}
        {request.failed.length > 0 && <p>Not filled: {fieldNames(request.failed)}.</p>}
      </div>
      {request.regret && <Regretted {...request.regret} />}
      <p class="muted">
        {request.amount && `${request.amount} · `}
        {request.card}
        {request.origin && (
          <>
            {" · "}
            <Place origin={request.origin.origin} />
          </>
        )}
      </p>
      {outcome === "passkey_required" && (
        <p>
          <a href="options.html#passkeys" target="_blank">
            Add a passkey
          </a>
          , then let the agent ask again.
        </p>
      )}
      <button type="button" onClick={onNext}>
        {next > 0 ? `Next (${next})` : "Done"}
      </button>
    </>
  );
}

/** What became of a card's freeze or an agent's pause. */
function Regretted({ kind, label, state, error }: Regret) {
  const card = kind === "freeze_card";
  if (state === "failed") {
    return (
      <p class="note bad" role="alert">
        ✕ {label} is not {card ? "frozen" : "paused"}. {error}
      </p>
    );
  }
  const words = state === "doing" ? `${card ? "Freezing" : "Pausing"} ${label}…` : `${label} is ${card ? "frozen" : "paused"}. You can take that back in this popup.`;
  return (
    <p class="note" role="status">
      {words}
    </p>
  );
}
