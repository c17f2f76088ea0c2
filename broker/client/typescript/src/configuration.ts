import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, resolve } from "node:path";

/**
 * Where LedgerOS and the broker are, and what an agent holds. `caFile` holds the CA of both servers.
 * Keep the secrets out of the command line and the environment: other processes can read those.
 */
export interface Configuration {
  ledgerUrl: string;
  brokerUrl: string;
  caFile: string;
  agentToken: string;
  brokerCredential: string;
}

const MEMBERS = ["ledgerUrl", "brokerUrl", "caFile", "agentToken", "brokerCredential"] as const;
const KNOWN: ReadonlySet<string> = new Set([...MEMBERS, "mcpToken"]);

/** The configuration cannot be used; the text names the member and what to do, never its value. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
}

/** The configuration in a JSON file that only its owner can read; `caFile` is relative to it. */
export function readConfiguration(path: string): Configuration {
  const name = basename(path);
  const members = parse(name, readPrivate(name, path));
  const missing = MEMBERS.filter((member) => !(member in members));
  const unknown = Object.keys(members).filter((member) => !KNOWN.has(member));
  if (missing.length + unknown.length > 0) {
    const named = [...missing.map((member) => `${member} is missing`), ...unknown.map((member) => `'${member}' is unknown`)];
    throw new ConfigurationError(`${name}: ${named.join(", ")}. Its members are ${MEMBERS.join(", ")}.`);
  }
  const text = (member: (typeof MEMBERS)[number]): string => {
    const value = members[member];
    if (typeof value !== "string" || value === "") throw new ConfigurationError(`${name}: ${member} must be text.`);
    return value;
  };
  return {
    ledgerUrl: text("ledgerUrl"),
    brokerUrl: text("brokerUrl"),
    caFile: resolve(dirname(path), text("caFile").replace(/^~(?=\/)/, homedir())),
    agentToken: text("agentToken"),
    brokerCredential: text("brokerCredential"),
  };
}

function readPrivate(name: string, path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    throw new ConfigurationError(`${name} cannot be read. Check the path.`);
  }
  try {
    if (process.platform !== "win32" && (fstatSync(file).mode & 0o077) !== 0) {
      throw new ConfigurationError(`${name} holds secrets and others can read it. Run: chmod 600 ${name}`);
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function parse(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the parser's message: it quotes the file.
    throw new ConfigurationError(`${name} is not JSON. Check its syntax.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ConfigurationError(`${name} is not one JSON object.`);
  return value as Record<string, unknown>;
}
