/** A details token was misused: what happened, when, and where to look. Goes when the person says "Seen". */
import { nameOf, type TokenAlarm } from "../release/alarm";
import { ago, useNow } from "./time";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

interface Props {
  alarms: TokenAlarm[];
  issuer: AppState["issuer"];
  worker: Worker;
}

export function Alarms({ alarms, issuer, worker }: Props) {
  if (alarms.length === 0) return null;
  return (
    <section class="stack" aria-label="Alarm">
      {alarms.map((alarm) => (
        <Alarm key={nameOf(alarm)} alarm={alarm} issuer={issuer} worker={worker} />
      ))}
    </section>
  );
}

function Alarm({ alarm, issuer, worker }: { alarm: TokenAlarm } & Omit<Props, "alarms">) {
  const now = useNow();
  return (
    <div class="note bad small">
      <p>
        <span class="bad" aria-hidden="true">✕ </span>
        <time title={new Date(alarm.at).toLocaleString()}>{ago(now - alarm.at)}</time>
        {alarm.last4 && ` · card ·· ${alarm.last4}`}: {alarm.message}
      </p>
      <div class="line">
        <Where alarm={alarm} issuer={issuer} />
        <button type="button" class="quiet" onClick={() => void worker.ask("alarmSeen", { name: nameOf(alarm) }).catch(() => undefined)}>
          Seen
        </button>
      </div>
    </div>
  );
}

/** Who knows more: of what the broker itself noticed, LedgerOS knows nothing. */
function Where({ alarm, issuer }: { alarm: TokenAlarm; issuer: AppState["issuer"] }) {
  if (alarm.kind === "another_agent") {
    return (
      <p>
        More: <span class="mono">ledgeros events list --of broker</span>
      </p>
    );
  }
  if (!issuer) return <p>Look in LedgerOS's dashboard.</p>;
  return (
    <a href={issuer.userFacingOrigin} target="_blank" rel="noreferrer">
      Look in the dashboard
    </a>
  );
}
