/**
 * Adding up: how much speaks for each type of a control, before its neighbours are heard.
 */

import { canHold } from "./kinds";
import type { Control } from "./read";
import { signalsOf, type Kind, type Signal } from "./rules";

/** A control with its evidence, and later with its neighbours' word. */
export interface Scored {
  readonly control: Control;
  readonly signals: Signal[];
  readonly scores: Map<Kind, number>;
  type: Kind | null;
}

// Sources that say the same thing twice count once: a name and an id, a label and what stands before.
const SAID = new Set<Signal["source"]>(["label", "aria", "near", "column", "before", "row"]);
const NAMED = new Set<Signal["source"]>(["name", "id", "data", "class"]);

/** Collect and add up the evidence about each control by itself. */
export function scoreAll(controls: readonly Control[]): Scored[] {
  const stems = controls.map(identifiers);
  const uses = new Map<string, number>();
  for (const own of stems) for (const stem of own) uses.set(stem, (uses.get(stem) ?? 0) + 1);
  const isShared = (stem: string): boolean => (uses.get(stem) ?? 0) > 1;
  const common = commonData(controls);
  return controls.map((control, place) => scoreControl(control, stems[place]?.some(isShared) === true && isDescribed(control), common));
}

// A class or a binding on several controls is a style of theirs, and names none.
function commonData(controls: readonly Control[]): ReadonlySet<string> {
  const once = new Set<string>();
  const common = new Set<string>();
  for (const { texts } of controls) {
    for (const { source, words } of texts) {
      if (source !== "data" && source !== "class") continue;
      if (once.has(words)) common.add(words);
      once.add(words);
    }
  }
  return common;
}

function isDescribed(control: Control): boolean {
  return control.texts.some((text) => text.source !== "name" && text.source !== "id" && text.source !== "row");
}

// cardNumber, cardNumber2, cardNumber3: a name that several controls share tells little about each, unless they are boxes of one value.
function identifiers(control: Control): string[] {
  if (control.maxLength > 0 && control.maxLength <= 6) return [];
  const stems: string[] = [];
  for (const { source, words } of control.texts) if (NAMED.has(source)) stems.push(words.replace(/ ?\d+$/, ""));
  return stems;
}

function scoreControl(control: Control, shared: boolean, common: ReadonlySet<string>): Scored {
  const signals = signalsOf(control, shared ? 0.5 : 1, common);
  for (let at = signals.length - 1; at >= 0; at--) if (!canHold(control, (signals[at] as Signal).type)) signals.splice(at, 1);
  const scores = addUp(signals);
  merge(scores, "month", "cc-exp-month");
  merge(scores, "year", "cc-exp-year");
  // "Card number" says more than "Number", and nothing else.
  if (scores.has("cc-number")) scores.delete("number");
  yieldToHolder(scores);
  return { control, signals, scores, type: null };
}

// "Name of the cardholder" over a box named "name" or "surname": the name is the holder's.
function yieldToHolder(scores: Map<Kind, number>): void {
  const holder = scores.get("cc-name") ?? 0;
  for (const kind of ["name", "given-name", "family-name"] as const) if ((scores.get(kind) ?? 0) <= holder) scores.delete(kind);
}

// "Expiry month" by its name and "MM" in the box are one statement.
function merge(scores: Map<Kind, number>, hint: Kind, type: Kind): void {
  const plain = scores.get(hint);
  const expiry = scores.get(type);
  if (!plain || !expiry) return;
  scores.set(type, plain + expiry);
  scores.delete(hint);
}

/** The score of one type; zero when nothing speaks for it. */
export function scoreOf(scored: Scored, type: Kind): number {
  return scored.scores.get(type) ?? 0;
}

/** Add evidence that came from the neighbours. */
export function support(scored: Scored, signal: Signal): void {
  scored.signals.push(signal);
  scored.scores.set(signal.type, scoreOf(scored, signal.type) + signal.weight);
}

/** Decide for a type on the neighbours' word. */
export function settle(scored: Scored, type: Kind, detail: string): void {
  support(scored, { type, weight: 6, source: "neighbours", detail });
  scored.type = type;
}

/** The type with the highest score among those given, or null below the threshold. */
export function strongest(scored: Scored, among: ReadonlySet<Kind> | null, threshold: number): Kind | null {
  let best: Kind | null = null;
  let most = threshold;
  for (const [type, score] of scored.scores) {
    if (among && !among.has(type)) continue;
    if (score > most || (score === most && best === null)) {
      best = type;
      most = score;
    }
  }
  return best;
}

function addUp(signals: readonly Signal[]): Map<Kind, number> {
  const totals = new Map<Kind, number>();
  for (let at = 0; at < signals.length; at++) {
    const signal = signals[at] as Signal;
    const weight = signal.weight - strongestBefore(signals, at);
    if (weight > 0) totals.set(signal.type, (totals.get(signal.type) ?? 0) + weight);
  }
  return totals;
}

// What an earlier signal of the same group already added for the type.
function strongestBefore(signals: readonly Signal[], at: number): number {
  const { type, source } = signals[at] as Signal;
  const group = SAID.has(source) ? SAID : NAMED.has(source) ? NAMED : null;
  let most = 0;
  if (!group) return most;
  for (let before = 0; before < at; before++) {
    const other = signals[before] as Signal;
    if (other.type === type && other.weight > most && group.has(other.source)) most = other.weight;
  }
  return most;
}
