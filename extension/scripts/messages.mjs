// Writes protocol/messages.ts from protocol/schema.json; with --check it fails when the file is out of date.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const schemaFile = new URL("../protocol/schema.json", import.meta.url);
const outputFile = new URL("../protocol/messages.ts", import.meta.url);

// Titles of single members would each become a type of their own.
function withoutTitles(node) {
  if (Array.isArray(node)) return node.map(withoutTitles);
  if (node === null || typeof node !== "object") return node;
  return Object.fromEntries(
    Object.entries(tuple(node))
      .filter(([key, value]) => !(key === "title" && typeof value === "string"))
      .map(([key, value]) => [key, withoutTitles(value)]),
  );
}

// The compiler knows tuples in the form of earlier drafts only.
function tuple({ prefixItems, ...node }) {
  return prefixItems ? { ...node, items: prefixItems, additionalItems: false } : node;
}

// A message always carries its `type`, though reading it may default it.
function withRequiredTypes(definition) {
  if (definition.properties?.type?.const === undefined) return definition;
  return { ...definition, required: [...new Set([...(definition.required ?? []), "type"])] };
}

async function messages() {
  const schema = JSON.parse(await readFile(schemaFile, "utf8"));
  const names = Object.keys(schema.$defs);
  const definitions = Object.fromEntries(names.map((name) => [name, withRequiredTypes(schema.$defs[name])]));
  const root = {
    ...withoutTitles({ $defs: definitions }),
    type: "object",
    additionalProperties: false,
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])),
  };
  const types = await compile(root, "Messages", {
    additionalProperties: false,
    bannerComment: "// Made from schema.json by scripts/messages.mjs: do not edit. Source: broker/protocol.",
    format: true,
  });
  const outcomes = JSON.stringify(schema["x-outcomes"], null, 2);
  const egress = JSON.stringify(schema["x-egress-outcomes"], null, 2);
  const step = `"fulfil" | "continue" | "fail"`;
  const meanings = `/** Every end of a paused request: what it means and what is done with the request. */\nexport const EGRESS_OUTCOMES: Record<EgressOutcome, { sentence: string; browser: ${step}; mayHaveBeenCharged: boolean }> = ${egress};\n`;
  const frameHosts = JSON.stringify(schema["x-frame-hosts"], null, 2);
  const frames = `/** Hosts whose frames hold a payment processor's card fields (broker/protocol/processors.json): exact, or \`*.\` for one more label. */\nexport const FRAME_HOSTS: { rule: string; name: string; sandboxOnly: boolean }[] = ${frameHosts};\n`;
  return `${types}\n/** Every outcome: what it means and what to do next. */\nexport const OUTCOMES: Record<Outcome, { sentence: string; nextStep: string; valueDelivered: boolean; retry: string }> = ${outcomes};\n\n${meanings}\n${frames}`;
}

const made = await messages();
if (process.argv.includes("--check")) {
  const present = await readFile(outputFile, "utf8").catch(() => "");
  if (present !== made) {
    console.error("protocol/messages.ts is out of date: run npm run types");
    process.exit(1);
  }
} else {
  await writeFile(outputFile, made);
}
