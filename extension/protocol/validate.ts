/** Messages are checked against the schema before anything reads them: a hijacked peer may send whatever it likes. */
import { Validator } from "@cfworker/json-schema";
import type { Messages } from "./messages";
import schema from "./schema.json";

const validators = new Map<string, Validator>();

function validator(name: string): Validator {
  const known = validators.get(name);
  if (known) return known;
  const made = new Validator({ $ref: `#/$defs/${name}`, $defs: schema.$defs } as object, "2020-12", true);
  validators.set(name, made);
  return made;
}

/** Whether `value` is the message `name` and nothing more. */
export function is<Name extends keyof Messages>(name: Name, value: unknown): value is Messages[Name] {
  return validator(name).validate(value).valid;
}

/** `value` as the message `name`; throws without repeating what was sent. */
export function read<Name extends keyof Messages>(name: Name, value: unknown): Messages[Name] {
  if (!is(name, value)) throw new TypeError(`not a valid ${name} message`);
  return value;
}

/** `value` as the one of `kinds` (message name by its `type`) that its `type` says; throws for any other. */
export function readOneOf<Kinds extends Record<string, keyof Messages>>(kinds: Kinds, value: unknown): Messages[Kinds[keyof Kinds]] {
  const type = (value as { type?: unknown } | null)?.type;
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) throw new TypeError("a message of an unknown type");
  return read(kinds[type] as Kinds[keyof Kinds], value);
}
