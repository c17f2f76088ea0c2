/** An origin: monospace, registrable domain bold, and both spellings when it is not plain ASCII. */
import type { ShownOrigin } from "../core/origin";

export function Origin({ origin }: { origin: ShownOrigin }) {
  return (
    <div>
      <span class="mono origin" title={origin.origin} data-testid="origin">
        {origin.before}
        <strong>{origin.domain}</strong>
        {origin.after}
      </span>
      {origin.unicode && (
        <p class="look small">
          <span aria-hidden="true">! </span>International name: browsers may show it as <span class="mono">{origin.unicode}</span>
        </p>
      )}
    </div>
  );
}
