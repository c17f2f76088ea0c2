/** Approved and not over yet: what is happening, and Stop while nothing was filled. */
import type { RequestView } from "../release/view";
import type { Props } from "./Request";

export function UnderWay({ request, worker, others, onNext }: Props) {
  return (
    <footer class="stack">
      <p role="status" class="note">
        {wordsFor(request)}
      </p>
      {request.state === "approved" && (
        <div class="actions">
          <button type="button" onClick={() => void worker.ask("stop", { id: request.id }).catch(() => undefined)}>
            Stop
          </button>
          {request.approvalFirst && (
            <button type="button" onClick={onNext}>
              {others > 0 ? `Next (${others})` : "Done"}
            </button>
          )}
        </div>
      )}
    </footer>
  );
}

/** What is happening, in one sentence. */
export function wordsFor({ state, approvalFirst }: RequestView): string {
  if (state === "looking") return "Looking at the page…";
  if (state === "paying") return "Waiting for the page to pay. The form holds stand-ins; the real card goes in on the way.";
  if (state === "filling") return "Filling the form…";
  return approvalFirst ? "Approved. The agent fetches the card now; the form is filled when it comes." : "Approved. LedgerOS releases the card…";
}
