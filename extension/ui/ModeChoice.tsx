/** Who will see the number, and the other way to pay where there is one. Changing it is always the person's. */
import type { RequestView } from "../release/view";
import type { Worker } from "./worker";

const CHOICES = { surrogate: "Keep the number from the page", direct: "Show the page the number" } as const;

export function ModeChoice({ request, worker }: { request: RequestView; worker: Worker }) {
  const { mode, sentence, note, warnings, other, mustPick } = request.paying;
  const pick = (picked: typeof mode) => void worker.ask("pickMode", { id: request.id, revision: request.revision, mode: picked }).catch(() => undefined);
  const open = request.state === "waiting";
  return (
    <section class="stack tight" aria-label="Who sees the number">
      <p data-testid="mode">
        {sentence}
        {request.approvalFirst && request.state !== "approved" && " The agent will fetch the card after you approve."}
      </p>
      {warnings.map((words) => (
        <p key={words} class="note look small">
          <span aria-hidden="true">! </span>
          {words}
        </p>
      ))}
      {note && <p class="muted small">{note}</p>}
      {open && mustPick && (
        <button type="button" onClick={() => pick("direct")}>
          {CHOICES.direct} this time
        </button>
      )}
      {open && other && (
        <button type="button" class="quiet small" onClick={() => pick(other)}>
          {CHOICES[other]}
        </button>
      )}
    </section>
  );
}
