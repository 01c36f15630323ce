import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const workerd = createRequire(import.meta.url)("workerd") as {
  readonly default: string;
  readonly version: string;
};

/** The version of workerd that the benchmark runs on. */
export const workerdVersion: string = workerd.version;

/** A workerd process with the product and the bare object in it. */
export interface Server {
  readonly url: URL;
  /** Ends the process and removes its state. */
  stop(): Promise<void>;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The checkout's own disk: a temporary directory may be memory, where a commit costs nothing. */
const stateRoot = file("../.perdure/");

const graceMs = 2_000;

async function listeningPort(child: ChildProcess): Promise<number> {
  const control = child.stdio[3];
  if (control instanceof Readable) {
    for await (const line of createInterface({ input: control })) {
      const message: unknown = JSON.parse(line);
      if (typeof message === "object" && message !== null && "port" in message) {
        return Number(message.port);
      }
    }
  }
  throw new Error("workerd did not start: look at its messages above");
}

/** The guard ends workerd when its standard input closes, also when this process is killed. */
function spawnGuarded(stateDirectory: string): ChildProcess {
  const args = [
    "serve",
    "--experimental",
    file("server.capnp"),
    `--directory-path=state=${stateDirectory}`,
    "--control-fd=3",
  ];
  return spawn("/bin/sh", [file("../src/server/guard.sh"), workerd.default, ...args], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit", "pipe"],
  });
}

/** Starts workerd with the bundled worker, on a free port and with no state. */
export async function startServer(): Promise<Server> {
  await mkdir(stateRoot, { recursive: true });
  const stateDirectory = await mkdtemp(`${stateRoot}bench-`);
  const child = spawnGuarded(stateDirectory);
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.stdin?.destroy(), graceMs);
    await exited;
    clearTimeout(timer);
    await rm(stateDirectory, { recursive: true, force: true });
  };
  try {
    return { url: new URL(`http://127.0.0.1:${await listeningPort(child)}`), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
