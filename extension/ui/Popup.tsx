/** The popup: the oldest request, what became of it, or the idle view. A request that waits is never replaced by another. */
import { useEffect, useState } from "preact/hooks";
import type { RequestView } from "../release/view";
import { Finished } from "./Finished";
import { Idle } from "./Idle";
import { Request } from "./Request";
import { useWorker } from "./worker";

// Long enough to read what happened before the next request takes its place.
const READ_MS = 3_000;

const over = (request: RequestView) => request.state === "finished";

export function Popup() {
  const { worker, state } = useWorker();
  const [current, setCurrent] = useState<string | null>(null);
  const [seen, setSeen] = useState<string[]>([]);
  const toolbar = useInToolbar();

  const waiting = state?.requests.filter((request) => !over(request)) ?? [];
  const last = state?.requests.filter((request) => over(request) && !seen.includes(request.id)).at(-1);
  const shown = state?.requests.find(({ id }) => id === current) ?? waiting[0] ?? last;

  const others = waiting.filter(({ id }) => id !== shown?.id).length;
  const next = (id: string) => {
    setSeen((before) => [...before, id]);
    setCurrent(null);
  };

  useEffect(() => {
    // What was over before this popup opened is not held on to.
    if (shown && shown.id !== current && !over(shown)) setCurrent(shown.id);
  }, [shown?.id, shown?.state]);
  useEffect(() => {
    if (!shown || !over(shown) || others === 0) return;
    const timer = setTimeout(() => next(shown.id), READ_MS);
    return () => clearTimeout(timer);
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
  const online = state.channel.kind === "online";
  return (
    <main class="popup">
      {!shown || seen.includes(shown.id) ? (
        <Idle state={state} worker={worker} />
      ) : over(shown) ? (
        <Finished request={shown} next={others} onNext={() => next(shown.id)} />
      ) : (
        <Request key={shown.id} request={shown} online={online} worker={worker} others={others} toolbar={toolbar} />
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
