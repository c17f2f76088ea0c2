/** The popup: the oldest request, what became of it, or the idle view. What is shown is never replaced by a newcomer. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Alarms } from "./Alarm";
import { Finished } from "./Finished";
import { Foot } from "./Foot";
import { Idle } from "./Idle";
import { canGoOn, over, queueOf } from "./queue";
import { Request } from "./Request";
import { useWorker } from "./worker";

// Long enough to read what happened before the next request takes its place.
const READ_MS = 3_000;

export function Popup() {
  const { worker, state } = useWorker();
  const [current, setCurrent] = useState<string | null>(null);
  const [done, setDone] = useState<string[]>([]);
  const pointed = useRef(false);
  const toolbar = useInToolbar();

  const { shown, others, underWay } = queueOf(state?.requests ?? [], current, done);
  const next = (id: string) => {
    setDone((before) => [...before, id]);
    setCurrent(null);
  };

  useEffect(() => {
    if (shown && shown.id !== current) setCurrent(shown.id);
  }, [shown?.id]);
  useEffect(() => {
    if (!shown || !canGoOn(shown) || others === 0) return;
    // Nothing moves under a pointer: then the person presses Next.
    const timer = setInterval(() => pointed.current || next(shown.id), READ_MS);
    return () => clearInterval(timer);
  }, [shown?.id, shown?.state, others]);
  useEffect(() => {
    void worker?.ask("reconnect", {}).catch(() => undefined);
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") window.close();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [worker]);

  if (!state || !worker || toolbar === null) return <main class="popup" aria-busy="true" />;
  return (
    <main class="popup" onPointerMove={() => (pointed.current = true)} onPointerLeave={() => (pointed.current = false)}>
      {!shown ? (
        <Idle state={state} worker={worker} underWay={underWay} toolbar={toolbar} />
      ) : over(shown) ? (
        <>
          <Finished request={shown} next={others} onNext={() => next(shown.id)} />
          <Foot issuer={state.issuer} />
        </>
      ) : (
        <>
          <Request
            key={shown.id}
            request={shown}
            channel={state.channel}
            worker={worker}
            others={others}
            toolbar={toolbar}
            passkeys={state.passkeys.length}
            onNext={() => next(shown.id)}
          />
          {/* Below the buttons: it may come at any moment, and must not move them under the pointer. */}
          <Alarms alarms={state.alarms} issuer={state.issuer} worker={worker} />
          <Foot issuer={state.issuer} />
        </>
      )}
    </main>
  );
}

/** Whether this is the toolbar popup (closed by any loss of focus) and not a tab or window; null until known. */
function useInToolbar(): boolean | null {
  const [toolbar, setToolbar] = useState<boolean | null>(null);
  useEffect(() => void chrome.tabs.getCurrent().then((tab) => setToolbar(tab === undefined)), []);
  return toolbar;
}
