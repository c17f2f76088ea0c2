// Pays as the first argument says, and prints what came of it as JSON. Gives up when the file `abortWhen` is there.
import { existsSync } from "node:fs";
import { inspect } from "node:util";

import { AgentError, ConfigurationError, LedgerOS, OUTCOMES } from "@ledgeros/client";

const { config, abortWhen, ...options } = JSON.parse(process.argv[2]);
if (config === undefined) {
  console.log(JSON.stringify(OUTCOMES));
} else {
  try {
    const ledgeros = LedgerOS.fromFile(config);
    const controller = new AbortController();
    const watch = setInterval(() => abortWhen !== undefined && existsSync(abortWhen) && controller.abort(), 20);
    const shown = inspect(ledgeros, { depth: 9, showHidden: true }) + JSON.stringify(ledgeros);
    try {
      console.log(JSON.stringify({ payment: await ledgeros.pay({ ...options, signal: controller.signal }), shown }));
    } finally {
      clearInterval(watch);
      ledgeros.close();
    }
  } catch (error) {
    const { name, message, code, retryAfterMs } = error;
    console.log(JSON.stringify({ error: { name, message, code, retryAfterMs }, known: error instanceof AgentError || error instanceof ConfigurationError }));
  }
}
