import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { StartupError } from "./startup-error.ts";

/** A workerd that listens. */
export interface Workerd {
  readonly port: number;
  readonly pid: number;
  /** Settles when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Lets requests in flight end for a moment, then stops whatever is left. */
  stop(): Promise<void>;
}

const guard = fileURLToPath(new URL("guard.sh", import.meta.url));
const config = fileURLToPath(new URL("perdure.capnp", import.meta.url));

// Nothing is lost by a harder stop, since whatever was acknowledged is on disk: the grace is for
// callers who wait, and a stream of events would never end by itself.
const graceMs = 2_000;

function workerdArguments(port: number, stateDirectory: string): string[] {
  return [
    "serve",
    // The Worker Loader is available in workerd only so.
    "--experimental",
    config,
    `--socket-addr=http=127.0.0.1:${port}`,
    `--directory-path=state=${stateDirectory}`,
    "--control-fd=3",
  ];
}

/** What the control pipe tells: the guard's line with the process id, then workerd's with the port. */
async function readControl(control: Readable): Promise<{ pid: number; port: number } | undefined> {
  let pid: number | undefined;
  for await (const line of createInterface({ input: control })) {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null) continue;
    if ("pid" in message) pid = Number(message.pid);
    if ("port" in message && pid !== undefined) return { pid, port: Number(message.port) };
  }
  return undefined;
}

function refusal(port: number, complaints: string): StartupError {
  if (/address already in use/i.test(complaints)) {
    return new StartupError(
      `Port ${port} is in use: stop the process that listens there, ` +
        "or choose another port with --port PORT (0 picks a free one).",
    );
  }
  if (/permission denied/i.test(complaints)) {
    return new StartupError(
      `workerd was refused the port or the state directory: choose others with --port and ` +
        `--state. It said:\n${complaints}`,
    );
  }
  return new StartupError(`workerd did not start. It said:\n${complaints}`);
}

/** What workerd says of itself when it is stopped while isolates are loaded: nothing is amiss. */
const farewell = /the worker factory is still referenced/;

function passOn(complaints: Readable): void {
  createInterface({ input: complaints }).on("line", (line) => {
    if (!farewell.test(line)) process.stderr.write(`${line}\n`);
  });
}

async function stopGently(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.stdin?.destroy(), graceMs);
  await exited;
  clearTimeout(timer);
}

/**
 * Starts workerd under a guard that ends it when this process ends, and waits until it listens.
 * What it writes goes to standard error, where it cannot be taken for an answer of ours.
 */
export async function startWorkerd(
  port: number,
  stateDirectory: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Workerd> {
  const child = spawn(
    "/bin/sh",
    [guard, workerd.default, ...workerdArguments(port, stateDirectory)],
    {
      // A group of its own: Ctrl-C in a terminal is for this process, which then stops workerd.
      detached: true,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      env: { ...process.env, ...variables },
    },
  );
  const control = child.stdio[3];
  if (child.pid === undefined || !(control instanceof Readable)) {
    const [error] = (await once(child, "error")) as unknown[];
    throw new StartupError(`/bin/sh could not be started: ${String(error)}`);
  }
  child.stdin?.on("error", () => {});
  const exited = once(child, "exit").then(() => {
    // The guard itself may have been killed: this ends what it guarded.
    child.stdin?.destroy();
  });
  let complaints = "";
  child.stdout?.pipe(process.stderr, { end: false });
  const collect = (chunk: Buffer) => (complaints += chunk.toString());
  child.stderr?.on("data", collect);
  const listening = await readControl(control);
  if (listening === undefined) {
    await exited;
    throw refusal(port, complaints.trim());
  }
  child.stderr?.off("data", collect);
  process.stderr.write(complaints);
  if (child.stderr !== null) passOn(child.stderr);
  return { ...listening, exited, stop: () => stopGently(child, exited) };
}
