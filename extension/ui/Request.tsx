/** One request for a release: who, how much, where, claimed beside seen, and the two buttons. */
import { useEffect, useRef, useState } from "preact/hooks";
import { unb64u } from "../protocol/canonical";
import { assertPasskey } from "../release/passkey";
import type { RequestView, Row } from "../release/view";
import { Mark } from "./marks";
import { Origin } from "./Origin";
import { countdown, useNow } from "./time";
import type { Worker } from "./worker";

const INERT_MS = 800;
const SOON_MS = 20_000;

interface Props {
  request: RequestView;
  online: boolean;
  worker: Worker;
  others: number;
  /** In the toolbar popup, which a passkey prompt would close. */
  toolbar: boolean;
}

/** Whether nothing that is shown has changed for 800 ms: until then a click would answer another question. */
function useSettled(shown: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(shown), INERT_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return settled === shown;
}

export function Request({ request, online, worker, others, toolbar }: Props) {
  useEffect(() => {
    // Two frames: the request is painted when LedgerOS hears that it was shown.
    requestAnimationFrame(() => requestAnimationFrame(() => void worker.ask("rendered", { id: request.id }).catch(() => undefined)));
  }, [request.id]);

  return (
    <>
      <Heading request={request} others={others} />
      {request.state === "choosing" ? <Choices request={request} worker={worker} /> : <Details request={request} />}
      <Buttons request={request} online={online} worker={worker} toolbar={toolbar} />
    </>
  );
}

function Heading({ request, others }: { request: RequestView; others: number }) {
  const left = request.deadline - useNow();
  return (
    <header class="stack">
      <div class="line">
        <h1 class="who">
          <strong>{request.agentName}</strong> wants to pay
        </h1>
        <span class={left < SOON_MS ? "time soon" : "time"} role="timer" aria-label="Time left" title={new Date(request.deadline).toLocaleTimeString()}>
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
        {request.choices.map(({ tabId, title, origin }) => (
          <button type="button" key={tabId} onClick={() => void worker.ask("pick", { id: request.id, tabId })}>
            {title}
            <span class="mono muted">{origin}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

function Details({ request }: { request: RequestView }) {
  return (
    <>
      <section class="stack" aria-label="Payment">
        <p class="amount" data-testid="amount">
          {request.upTo && <small>up to </small>}
          {request.amount ?? "…"}
        </p>
        {request.origin && <Origin origin={request.origin} />}
        <p class="muted">
          {request.card}
          {request.cardLimit && ` · ${request.cardLimit}`}
        </p>
      </section>
      {request.rows.length > 0 && <Compare rows={request.rows} />}
      {request.frameOrigins.length > 0 && (
        <p class="muted small">
          Frames of other sites in this page, not filled: <span class="mono">{request.frameOrigins.map((origin) => origin.replace("https://", "")).join(", ")}</span>
        </p>
      )}
      <p>The page, and an agent that reads it, will see the number.</p>
      <blockquote tabIndex={0} aria-label="In the agent's words">
        <p>“{request.summary}”</p>
        {request.purpose && <p>“{request.purpose}”</p>}
      </blockquote>
    </>
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
            <td class={row.mono ? "mono" : ""}>{row.claimed}</td>
            <td class={row.mono ? "mono" : row.meaning === "open" ? "open" : ""}>{row.seen}</td>
            <td class="verdict">
              <Mark meaning={row.meaning} word={row.word} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Buttons({ request, online, worker, toolbar }: Omit<Props, "others">) {
  const [problem, setProblem] = useState<string | null>(null);
  const sent = useRef(-1);
  const settled = useSettled(JSON.stringify([request, online]));
  const ready = settled && online && request.state === "waiting";
  const inWindow = toolbar && request.passkey;

  async function approve(event: MouseEvent) {
    // One approval a revision: the second half of a double click finds it taken.
    if (!ready || !event.isTrusted || sent.current === request.revision) return;
    if (inWindow) return void worker.ask("window", {}).then(() => window.close());
    sent.current = request.revision;
    setProblem(null);
    try {
      const challenge = await worker.ask("approve", { id: request.id, revision: request.revision });
      if (challenge) await sign(challenge);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "Something failed inside the extension.");
    }
  }

  async function sign({ challenge, credentialIds }: { challenge: string; credentialIds: string[] }) {
    const passkey = await assertPasskey(unb64u(challenge), credentialIds).catch(() => null);
    if (!passkey) setProblem("The passkey did not sign. Nothing was approved.");
    await worker.ask("asserted", { id: request.id, passkey });
  }

  if (request.state !== "waiting" && request.state !== "choosing" && request.state !== "asserting") return <Progress request={request} />;
  const style = request.mismatch ? "" : "primary";
  return (
    <footer class="stack">
      <p role="status" class={problem || !online ? "look small" : "muted small"}>
        {!online ? "! The broker is not connected: nothing can be approved now." : (problem ?? hint(request, inWindow))}
      </p>
      <div class="actions">
        <button type="button" aria-disabled={!settled} onClick={() => void (settled && worker.ask("deny", { id: request.id }))}>
          Deny
        </button>
        {request.state !== "choosing" && (
          <button type="button" class={style} aria-disabled={!ready} onClick={(event) => void approve(event)}>
            {inWindow ? "Go on in a window" : request.mismatch ? "Approve anyway" : "Approve"}
          </button>
        )}
      </div>
    </footer>
  );
}

function hint(request: RequestView, inWindow: boolean): string {
  if (request.state === "asserting") return "Your passkey is asked…";
  if (request.state === "choosing") return "";
  if (inWindow) return "This one needs your passkey, which opens in a window.";
  return request.passkey ? "Your passkey signs this approval." : "";
}

function Progress({ request }: { request: RequestView }) {
  const words = request.state === "looking" ? "Looking at the page…" : request.state === "approved" ? "Approved. LedgerOS releases the card…" : "Filling the form…";
  return (
    <p role="status" class="note">
      {words}
    </p>
  );
}
