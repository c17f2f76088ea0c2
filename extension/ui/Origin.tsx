/** Origins: monospace, the registrable domain bold, broken between their parts only. */
import { type ShownOrigin, shownOrigin } from "../core/origin";

/** An origin in a line of text; what is none, as it is. An address without a scheme is https. */
export function Place({ origin }: { origin: string }) {
  const address = origin.includes("://") ? origin : `https://${origin}`;
  return <span class="mono">{URL.canParse(address) ? <Parts {...shownOrigin(address)} /> : origin}</span>;
}

function Parts({ before, domain, after }: ShownOrigin) {
  return (
    <>
      {before}
      <wbr />
      <strong>{domain}</strong>
      <wbr />
      {after}
    </>
  );
}

/** The one a payment is about: with both spellings when it is not plain ASCII, and what it can be mistaken for. */
export function Origin({ origin, resembles }: { origin: ShownOrigin; resembles: string | null }) {
  return (
    <div>
      <span class="mono origin" title={origin.origin} data-testid="origin">
        <Parts {...origin} />
      </span>
      {origin.unicode && (
        <p class="look small">
          <span aria-hidden="true">! </span>International name: browsers may show it as <span class="mono">{origin.unicode}</span>
        </p>
      )}
      {resembles !== null && (
        <p class="look small" data-testid="resembles">
          <span aria-hidden="true">! </span>Looks like <span class="mono">{resembles}</span>, and is another name
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
