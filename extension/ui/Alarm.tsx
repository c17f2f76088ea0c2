/** A details token was misused: what happened, when, and where to look. Goes when the person says "Seen". */
import type { TokenAlarm } from "../release/alarm";
import { ago, useNow } from "./time";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

interface Props {
  alarm: TokenAlarm;
  issuer: AppState["issuer"];
  worker: Worker;
}

export function Alarm({ alarm, issuer, worker }: Props) {
  const now = useNow();
  return (
    <section class="note bad small" aria-label="Alarm">
      <p>
        <span class="bad" aria-hidden="true">✕ </span>
        <time title={new Date(alarm.at).toLocaleString()}>{ago(now - alarm.at)}</time>
        {alarm.last4 && ` · card ·· ${alarm.last4}`}: {alarm.message}
      </p>
      <div class="line">
        {issuer ? (
          <a href={issuer.userFacingOrigin} target="_blank" rel="noreferrer">
            Look in the dashboard
          </a>
        ) : (
          <span>Look in LedgerOS's dashboard.</span>
        )}
        <button type="button" class="quiet" onClick={() => void worker.ask("alarmSeen", { at: alarm.at }).catch(() => undefined)}>
          Seen
        </button>
      </div>
    </section>
  );
}
