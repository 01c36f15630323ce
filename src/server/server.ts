import type { ServerOptions } from "./options.ts";
import { waitUntilHealthy } from "./health.ts";
import { StartupError } from "./startup-error.ts";
import { type StateLock, lockState } from "./state-lock.ts";
import { type Workerd, startWorkerd } from "./workerd.ts";

/** A server that answers. */
export interface Server {
  readonly url: string;
  /** Rejects when workerd cannot be kept running; settles after `stop`. */
  readonly finished: Promise<void>;
  stop(): Promise<void>;
}

// A workerd that dies this soon after its start would do so again and again.
const soonMs = 10_000;
const restartsInARow = 3;

interface Run {
  readonly workerd: Workerd;
  /** False when it ended before its first answer. */
  readonly answered: boolean;
}

async function run(lock: StateLock, options: ServerOptions, port: number): Promise<Run> {
  const workerd = await startWorkerd(port, options.stateDirectory, options.variables);
  const gone = new AbortController();
  const ended = workerd.exited.then(() => gone.abort());
  try {
    await lock.recordWorkerd(workerd.pid);
    const url = `http://127.0.0.1:${workerd.port}`;
    return { workerd, answered: await waitUntilHealthy(url, gone.signal) };
  } catch (error) {
    await workerd.stop();
    await ended;
    throw error;
  }
}

/**
 * Serves a state directory until stopped. Agents live on disk, so a workerd that dies is started
 * again on the same port, and they go on where they were.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const lock = await lockState(options.stateDirectory);
  let workerd: Workerd;
  try {
    const first = await run(lock, options, options.port);
    if (!first.answered) {
      throw new StartupError("workerd ended before it answered: look at the messages above.");
    }
    workerd = first.workerd;
  } catch (error) {
    await lock.release();
    throw error;
  }
  const { port } = workerd;
  let stopping = false;

  async function supervise(): Promise<void> {
    for (let soon = 0; ;) {
      const startedAt = Date.now();
      await workerd.exited;
      if (stopping) return;
      soon = Date.now() - startedAt < soonMs ? soon + 1 : 0;
      if (soon > restartsInARow) {
        throw new StartupError(
          `workerd ended ${soon} times, each soon after its start: look at the messages above.`,
        );
      }
      process.stderr.write("workerd ended unexpectedly; it is started again.\n");
      ({ workerd } = await run(lock, options, port));
      if (stopping) await workerd.stop();
    }
  }

  async function superviseLocked(): Promise<void> {
    try {
      await supervise();
    } finally {
      await lock.release();
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    finished: superviseLocked(),
    async stop() {
      stopping = true;
      await workerd.stop();
    },
  };
}
