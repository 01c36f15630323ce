import { parseCommand, usage } from "./options.ts";
import { startServer } from "./server.ts";
import { StartupError } from "./startup-error.ts";

const parentPollMs = 100;

/**
 * Ends this process with the npm that runs it: npm cannot pass on a SIGKILL, and a server that
 * outlived it would keep the port and the state from whoever starts it again.
 */
function endWithNpm(): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, parentPollMs).unref();
}

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2), process.env);
  if (command.kind === "help") {
    console.log(usage);
    return;
  }
  if (command.kind === "invalid") {
    console.error(command.message);
    process.exitCode = 2;
    return;
  }
  endWithNpm();
  let stopping = false;
  let stop = (): void => process.exit();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!stopping) stop();
      stopping = true;
    });
  }
  const server = await startServer(command.options);
  stop = () => void server.stop();
  console.log(`Perdure is ready at ${server.url}`);
  await server.finished;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error);
  process.exitCode = 1;
}
