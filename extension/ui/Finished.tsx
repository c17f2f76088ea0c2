/** What happened to a request that is over. */
import type { RequestView } from "../release/view";
import { fieldNames, Mark, meaningOf, outcomeSentence, outcomeWord } from "./marks";

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
        {request.fields.length > 0 && <p>Filled: {fieldNames(request.fields)}.</p>}
        {request.failed.length > 0 && <p>Not filled: {fieldNames(request.failed)}.</p>}
      </div>
      <p class="muted">
        {request.amount && `${request.amount} · `}
        {request.card}
        {request.origin && (
          <>
            {" · "}
            <span class="mono">{request.origin.origin.replace("https://", "")}</span>
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
