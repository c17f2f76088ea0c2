/** The bounds of a standing rule as a person types them: amount, how often, until when, and the hours under “more”. */
import { amountToType, DEFAULT_DAYS, dayFrom, LONGEST_DAYS, type TypedBounds } from "../policy/bounds";

/** Tight bounds to start from. */
export function firstBounds(amount: number | null, currency: string): TypedBounds {
  return { amount: amount === null ? "" : amountToType(amount, currency), count: "1", until: dayFrom(Date.now(), DEFAULT_DAYS), from: "", to: "" };
}

interface Props {
  bounds: TypedBounds;
  currency: string;
  onChange(bounds: TypedBounds): void;
}

export function BoundsFields({ bounds, currency, onChange }: Props) {
  const set = (name: keyof TypedBounds) => (event: { currentTarget: HTMLInputElement }) => onChange({ ...bounds, [name]: event.currentTarget.value });
  const field = (name: keyof TypedBounds) => ({ name: `rule-${name}`, value: bounds[name], onInput: set(name) });
  return (
    <div class="stack">
      <div class="fields">
        <label>
          At most ({currency})
          <input type="text" inputMode="decimal" autocomplete="off" {...field("amount")} />
        </label>
        <label>
          Times a day
          <input type="number" min={1} max={1_000} {...field("count")} />
        </label>
        <label>
          Until
          <input type="date" min={dayFrom(Date.now(), 0)} max={dayFrom(Date.now(), LONGEST_DAYS - 1)} {...field("until")} />
        </label>
      </div>
      <details>
        <summary>More: hours of the day</summary>
        <div class="fields two">
          <label>
            From
            <input type="time" {...field("from")} />
          </label>
          <label>
            To
            <input type="time" {...field("to")} />
          </label>
        </div>
      </details>
    </div>
  );
}
