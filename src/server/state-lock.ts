import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { commandLine } from "./processes.ts";
import { StartupError } from "./startup-error.ts";

/** Who holds a state directory: a server, and its workerd once that runs, by their process ids. */
interface Holder {
  readonly server: number;
  readonly workerd?: number;
}

/** A held state directory. */
export interface StateLock {
  /** Records the process that writes to the directory, which may outlive this one for a moment. */
  recordWorkerd(pid: number): Promise<void>;
  release(): Promise<void>;
}

// What a killed server left behind ends within milliseconds; a living one does not.
const patienceMs = 3_000;
const pollMs = 25;

async function readHolder(path: string): Promise<Holder | "unreadable" | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null || !("server" in value)) return "unreadable";
    const server = Number(value.server);
    return "workerd" in value ? { server, workerd: Number(value.workerd) } : { server };
  } catch (error) {
    return error instanceof SyntaxError ? "unreadable" : undefined;
  }
}

/** Process ids are used again, so a process counts only when its command line fits. */
async function holds(holder: Holder, directory: string): Promise<boolean> {
  if (holder.server !== process.pid) {
    const server = await commandLine(holder.server);
    if (server?.includes("server/main.ts") === true) return true;
  }
  if (holder.workerd === undefined) return false;
  const workerd = await commandLine(holder.workerd);
  return workerd?.includes(directory) === true;
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify({ server: process.pid } satisfies Holder));
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(
      `The state directory ${directory} cannot be made (${reason}): ` +
        "choose another with --state DIR.",
    );
  }
}

/**
 * Takes a state directory for this process: two servers on the same files would destroy them. What
 * a killed server left is waited for; a server that lives is an error.
 */
export async function lockState(directory: string): Promise<StateLock> {
  await prepareDirectory(directory);
  const path = join(directory, "server.lock");
  const deadline = Date.now() + patienceMs;
  while (!(await create(path))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    const held = holder === "unreadable" || (await holds(holder, directory));
    if (!held || (holder === "unreadable" && Date.now() > deadline)) {
      await rm(path, { force: true });
    } else if (Date.now() > deadline) {
      throw new StartupError(
        `The state directory ${directory} is in use by another server` +
          ` (process ${holder === "unreadable" ? "unknown" : holder.server}): ` +
          "stop that one, or choose another directory with --state DIR.",
      );
    } else {
      await delay(pollMs);
    }
  }
  return {
    async recordWorkerd(workerd) {
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, JSON.stringify({ server: process.pid, workerd } satisfies Holder));
      await rename(draft, path);
    },
    release: () => rm(path, { force: true }),
  };
}
