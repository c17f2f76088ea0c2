/** An origin: monospace, registrable domain bold, both spellings when it is not plain ASCII, and what it can be mistaken for. */
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
      {origin.twin !== null && (
        <p class="bad small" data-testid="twin">
          <span aria-hidden="true">✕ </span>
          {origin.twin ? <>Looks like <span class="mono">{origin.twin}</span>, and is another site</> : "This name mixes alphabets to look like another one"}
        </p>
      )}
    </div>
  );
}
