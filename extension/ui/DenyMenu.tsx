/** Deny, and under ▾ what else a person may want to do about it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RequestView } from "../release/view";
import type { Restricting } from "../rules/regret";

interface Props {
  request: RequestView;
  settled: boolean;
  onDeny(also: Restricting | null): void;
}

export function DenyMenu({ request, settled, onDeny }: Props) {
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) menu.current?.querySelector("button")?.focus();
  }, [open]);

  function onKey(event: KeyboardEvent) {
    const items = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      setOpen(false);
      toggle.current?.focus();
    } else if (step) items[(at + step + items.length) % items.length]?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="split">
      <button type="button" aria-disabled={!settled} onClick={() => settled && onDeny(null)}>
        Deny
      </button>
      <button
        type="button"
        ref={toggle}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label="More ways to refuse"
        aria-disabled={!settled}
        onClick={() => settled && setOpen(!open)}
      >
        <span aria-hidden="true">▾</span>
      </button>
      {open && (
        <div class="menu" role="menu" ref={menu} onKeyDown={onKey}>
          <button type="button" role="menuitem" onClick={() => settled && onDeny("freeze_card")}>
            Deny and freeze {request.card}
          </button>
          <button type="button" role="menuitem" onClick={() => settled && onDeny("pause_agent")}>
            Deny and pause {request.agentName}
          </button>
        </div>
      )}
    </div>
  );
}
