/** One request for a release: who, how much, where, claimed beside seen, and the two buttons. */
import { useEffect } from "preact/hooks";
import type { ChannelState } from "../channel/connection";
import type { FrameSite } from "../release/hosted";
import type { RequestView, Row } from "../release/view";
import { Deciding } from "./Deciding";
import { fieldNames, Mark } from "./marks";
import { ModeChoice } from "./ModeChoice";
import { Origin, Place } from "./Origin";
import { countdown, useNow } from "./time";
import { UnderWay } from "./UnderWay";
import type { Worker } from "./worker";

const SOON_MS = 20_000;

export interface Props {
  request: RequestView;
  channel: ChannelState;
  worker: Worker;
  others: number;
  /** In the toolbar popup, which a passkey prompt would close. */
  toolbar: boolean;
  /** How many passkeys this browser has. */
  passkeys: number;
  onNext(): void;
}

export function Request(props: Props) {
  const { request, worker, others } = props;
  useEffect(() => {
    // Two frames: the request is painted when LedgerOS hears that it was shown.
    requestAnimationFrame(() => requestAnimationFrame(() => void worker.ask("rendered", { id: request.id }).catch(() => undefined)));
  }, [request.id]);

  return (
    <>
      <Heading request={request} others={others} />
      {request.state === "choosing" ? <Choices request={request} worker={worker} /> : <Details request={request} worker={worker} />}
      {request.state === "waiting" || request.state === "choosing" || request.state === "asserting" ? <Deciding {...props} /> : <UnderWay {...props} />}
    </>
  );
}

function Heading({ request, others }: { request: RequestView; others: number }) {
  const until = request.state === "approved" || request.state === "paying" ? request.standsUntil : request.deadline;
  const left = until - useNow();
  return (
    <header class="stack">
      <div class="line">
        <h1 class="who">
          <strong>{request.agentName}</strong> wants to pay
        </h1>
        <span class={left < SOON_MS ? "time soon" : "time"} role="timer" aria-label="Time left" title={new Date(until).toLocaleString()}>
          {countdown(left)}
        </span>
      </div>
      {others > 0 && <p class="muted small">{others === 1 ? "One more waits after this." : `${others} more wait after this.`}</p>}
    </header>
  );
}

function Choices({ request, worker }: { request: RequestView; worker: Worker }) {
  return (
    <section class="stack" aria-label="Tabs">
      <p>Several tabs fit. In which one is this payment?</p>
      <div class="tabs">
        {request.choices.map(({ tabId, title, origin, path }) => (
          <button type="button" key={tabId} onClick={() => void worker.ask("pick", { id: request.id, tabId })}>
            {title}
            <span class="muted small">
              <Place origin={origin} />
              <span class="mono">{path}</span>
            </span>
          </button>
        ))}
      </div>
    </section>
  );
}

function Details({ request, worker }: { request: RequestView; worker: Worker }) {
  return (
    <>
      <section class="stack tight" aria-label="Payment">
        <p class="amount" data-testid="amount">
          {request.upTo && <small>up to </small>}
          {request.amount ?? "…"}
        </p>
        {request.origin && <Origin origin={request.origin} resembles={request.resembles} />}
        <p class="muted">
          {request.card}
          {request.cardLimit && ` · ${request.cardLimit}`}
        </p>
      </section>
      {request.rows.length > 0 && <Compare rows={request.rows} />}
      {request.sites.map((site) => (
        <Site key={site.origin} {...site} />
      ))}
      {request.awaited && <p class="look small">! There is no card form here yet. Once it comes, on this site at this amount, it is filled.</p>}
      <ModeChoice request={request} worker={worker} />
      <blockquote tabIndex={0} aria-label="In the agent's words">
        <p>“{request.summary}”</p>
        {request.purpose && <p>“{request.purpose}”</p>}
      </blockquote>
    </>
  );
}

/** A site whose frames hold card fields, and what it gets. */
function Site({ origin, processor, kinds }: FrameSite) {
  const site = <Place origin={origin} />;
  if (kinds.length === 0) return <p class="muted small">A frame of another site in this page, not filled: {site}</p>;
  if (processor === null) {
    return (
      <p class="look small" role="note">
        ! Another site asks for the {fieldNames(kinds)}: {site}. It is no payment processor that we know; approving gives them to it.
      </p>
    );
  }
  return (
    <p class="muted small">
      {processor} takes the {fieldNames(kinds)}: {site}
    </p>
  );
}

function Compare({ rows }: { rows: Row[] }) {
  return (
    <table class="compare">
      <thead>
        <tr>
          <th scope="col">Claimed</th>
          <th scope="col">Seen</th>
          <th scope="col" class="verdict">
            Result
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.claimed + row.seen} class={row.meaning === "bad" ? "bad" : ""}>
            <td>{row.mono ? <Place origin={row.claimed} /> : row.claimed}</td>
            <td class={row.meaning === "open" ? "open" : ""}>{row.mono ? <Place origin={row.seen} /> : row.seen}</td>
            <td class="verdict">
              <Mark meaning={row.meaning} word={row.word} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
