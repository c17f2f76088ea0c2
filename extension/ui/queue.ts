/** Which request the popup shows: the oldest, and never another one in its place until the person goes on. Pure. */
import type { RequestView } from "../release/view";

export interface Queue {
  shown: RequestView | null;
  /** How many more ask. */
  others: number;
  /** Approved or being filled, and not what is shown. */
  underWay: RequestView[];
}

export const over = ({ state }: RequestView) => state === "finished";
const asks = ({ state }: RequestView) => state === "choosing" || state === "waiting" || state === "asserting";
const runs = ({ state }: RequestView) => state === "approved" || state === "filling" || state === "paying";

/** `current` is what was shown last, `done` what the person has put away. What a rule decided interrupts nobody. */
export function queueOf(requests: RequestView[], current: string | null, done: string[]): Queue {
  const left = requests.filter(({ id }) => !done.includes(id));
  const asking = left.filter(asks);
  const ended = left.filter((request) => over(request) && request.rule === null).at(-1);
  const shown = left.find(({ id }) => id === current) ?? asking[0] ?? ended ?? null;
  return {
    shown,
    others: asking.filter(({ id }) => id !== shown?.id).length,
    underWay: requests.filter((request) => runs(request) && request.id !== shown?.id),
  };
}

/** Whether nothing is left to decide here: it is over, or waits for the agent or the page. */
export function canGoOn(request: RequestView): boolean {
  return over(request) || (request.state === "approved" && request.approvalFirst) || request.state === "paying";
}
