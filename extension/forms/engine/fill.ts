/**
 * Filling a plan: the gate, the writing, the reading back, the next way.
 */

import type { Plan, PlannedField, Shown } from "./plan";
import { namesBrand } from "./radios";
import type { Control } from "./read";
import type { FieldType } from "./rules";
import { brandOf, splitNumber, textsFor, type FillValues } from "./values";
import { bringIntoView, type Covering, coveringOf, isCovered, isOutOfView } from "./covering";
import { hiddenReason } from "./visibility";
import { holds, SETTLE_MS, WAYS, type Way } from "./write";

/** What became of one field; never a value. */
export interface FieldResult {
  readonly type: FieldType;
  /** The control holds the value after it lost the focus. */
  readonly kept: boolean;
}

/** What is asked again before anything is written again: the page may have changed meanwhile. */
export type Allowed = () => boolean;

interface Task {
  readonly type: FieldType;
  readonly control: Control;
  readonly tries: readonly (readonly [text: string, way: Way])[];
  next: number;
  text: string;
}

const MOST_TRIES = 8;
const isFillable: Shown = (element) => {
  if (hiddenReason(element) !== null) return false;
  bringIntoView(element);
  return !isCovered(element);
};

/** The gate for one task: what is in view is asked at once for all, since asking what covers a field is dear; hidden is asked at each field. */
function gateFor(elements: readonly Element[], covering: Covering | undefined): Shown {
  const inView = new Set(elements.filter((element) => !isOutOfView(element)));
  const known = covering ?? coveringOf([...inView]);
  return (element) => {
    // What seems covered may be out of the view of a box that scrolls.
    const isUncovered = inView.has(element) && known.get(element) === false && !isOutOfView(element);
    return isUncovered ? hiddenReason(element) === null : isFillable(element);
  };
}

/** A fill under way: every value is written once, and what did not hold may be tried again. */
export interface Filling {
  /** What the controls hold now. */
  results(): FieldResult[];
  /** Let the page's code run, read back, try the next way; resolves with what holds in the end. */
  finish(allowed: Allowed): Promise<FieldResult[]>;
}

/** Write every value, in the task of the caller's last check, whose `covering` is not asked for again; a field without a value in `values` is left out. */
export function startFill(plan: Plan, values: FillValues, fillable: Shown = isFillable, covering?: Covering): Filling {
  const wanted = plan.filter((field) => field.part === "card" || (values.billing !== undefined && !isFilledIn(field)));
  const tasks = wanted.flatMap((field) => tasksOf(field, values));
  const gate = fillable === isFillable ? gateFor(tasks.map(({ control }) => control.element), covering) : fillable;
  const chosen = chooseRadios(wanted, values, fillable);
  for (const task of tasks) advance(task, gate);
  const results = (): FieldResult[] => [...chosen, ...summarise(tasks)];
  return {
    results,
    async finish(allowed) {
      for (let round = 0; round < MOST_TRIES; round++) {
        await settled();
        const open = tasks.filter((task) => task.text !== "" && !holds(task.control.element, task.text));
        if (open.length === 0 || !allowed()) break;
        for (const task of open) advance(task, fillable);
      }
      return results();
    },
  };
}

// An address that somebody typed stays; a select has a choice from the beginning.
function isFilledIn({ controls }: PlannedField): boolean {
  return controls.some(({ element, options }) => options === null && element.value.trim() !== "");
}

function tasksOf(field: PlannedField, values: FillValues): Task[] {
  const parts = field.type === "cc-number" && field.controls.length > 1 ? splitNumber(values.number, field.controls.map((control) => control.maxLength)) : null;
  return field.controls.flatMap((control, index) => {
    const texts = parts ? [parts[index] ?? ""] : textsFor(field.type, control, values);
    if (texts.length === 0 && !isCardType(field.type)) return [];
    // All forms the first way, then the likeliest form by keys, then the rest.
    const tries = texts.slice(0, 3).flatMap((text) => WAYS.map((way) => [text, way] as const));
    return [{ type: field.type, control, tries: tries.slice(0, MOST_TRIES), next: 0, text: "" }];
  });
}

function isCardType(type: FieldType): boolean {
  return type.startsWith("cc-");
}

function advance(task: Task, fillable: Shown): void {
  const attempt = task.tries[task.next];
  task.next += 1;
  if (!attempt || !task.control.element.isConnected || !fillable(task.control.element)) {
    task.text = "";
    return;
  }
  [task.text] = attempt;
  attempt[1](task.control.element, task.text);
}

function summarise(tasks: readonly Task[]): FieldResult[] {
  const results = new Map<FieldType, boolean>();
  for (const { type, control, text } of tasks) {
    const kept = text !== "" && holds(control.element, text);
    results.set(type, (results.get(type) ?? true) && kept);
  }
  return [...results].map(([type, kept]) => ({ type, kept }));
}

function chooseRadios(plan: Plan, values: FillValues, fillable: Shown): FieldResult[] {
  const field = plan.find((planned) => planned.radios);
  const wanted = field?.radios?.find((radio) => namesBrand(radio, brandOf(values)));
  if (!field || !wanted) return [];
  // Styled radio buttons are often invisible themselves, with their label in their place.
  const seen = fillable(wanted) || [...(wanted.labels ?? [])].some((label) => fillable(label));
  if (seen) wanted.click();
  return [{ type: field.type, kept: seen && wanted.checked }];
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}
