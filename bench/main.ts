import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { publish } from "./agent-control.ts";
import { bundleWorker } from "./bundle.ts";
import { measureAll } from "./measure.ts";
import { type Options, parseOptions } from "./options.ts";
import { toText } from "./print.ts";
import { type Results, toJson } from "./results.ts";
import { startServer, workerdVersion } from "./server.ts";

function machine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  return `${availableParallelism()} cores (${model}), node ${process.version}, workerd ${workerdVersion}`;
}

async function measure(options: Options): Promise<Results> {
  await bundleWorker();
  const server = await startServer();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void server.stop().finally(() => process.exit(1)));
  }
  try {
    await publish(server.url, await readFile(new URL("agents.js", import.meta.url), "utf8"));
    return await measureAll(server.url, options, (what) => console.error(`measuring ${what} …`));
  } finally {
    await server.stop();
  }
}

const parsed = parseOptions(process.argv.slice(2));
if (parsed.ok) {
  const results = await measure(parsed.options);
  console.log(`\n${toText(results)}\n\n${machine()}`);
  if (parsed.options.json !== undefined) {
    await writeFile(parsed.options.json, `${JSON.stringify(toJson(results), null, 2)}\n`);
  }
} else {
  console.error(parsed.message);
  process.exitCode = 2;
}
