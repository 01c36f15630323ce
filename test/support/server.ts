import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { commandLine } from "../../src/server/processes.ts";

/** How to start a server for a test; what is left out is temporary, free, and without a token. */
export interface StartServerOptions {
  readonly state?: string;
  readonly token?: string;
  readonly port?: number;
  /** Variables of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A server running as `npm start` runs it, in a process of its own. */
export interface RunningServer {
  /** Stays the same over restarts. */
  readonly url: string;
  /** The process id of Node's process, which changes with every restart. */
  readonly pid: number;
  /** The process id of workerd. */
  readonly workerdPid: number;
  readonly state: string;
  /** Everything written to standard output and standard error so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** Ends it with SIGTERM (or another signal) and gives the exit code; the state stays. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Kills it with SIGKILL, and waits until nothing of it is left. */
  kill9(): Promise<void>;
  /** Stops it if it runs, and starts it again on the same state and port, with other variables if they are given. */
  restart(changed?: Pick<StartServerOptions, "variables">): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const entry = join(root, "src/server/main.ts");
const patienceMs = 40_000;
const pollMs = 10;

const temporary = new Set<string>();
const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    await delay(pollMs);
  }
}

async function refusesConnections(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/health`);
    await response.body?.cancel();
    return false;
  } catch {
    return true;
  }
}

/** The process id of workerd in the lock that a running server keeps in its state directory. */
export function lockedWorkerd(state: string): number | undefined {
  try {
    const lock: unknown = JSON.parse(readFileSync(join(state, "server.lock"), "utf8"));
    if (typeof lock === "object" && lock !== null && "workerd" in lock) return Number(lock.workerd);
  } catch {
    // No lock, or one that is just being written.
  }
  return undefined;
}

interface Launched {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: { stdout: string; stderr: string };
}

/** The environment without what would configure the server by accident. */
function bareEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("PERDURE_")),
  );
}

async function launch(
  state: string,
  port: number,
  { token, variables = {} }: StartServerOptions,
): Promise<Launched> {
  const child = spawn(
    process.execPath,
    [entry, "--port", String(port), "--state", state, ...(token ? ["--token", token] : [])],
    {
      cwd: root,
      env: { ...bareEnvironment(), ...variables },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  running.add(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  child.on("exit", () => running.delete(child));
  let url: string | undefined;
  await until("the server was ready", () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The server ended with ${child.exitCode}:\n${output.stderr}`);
    }
    url = /^.*(http:\S+)\n/.exec(output.stdout)?.[1];
    return url !== undefined;
  });
  return { child, url: url ?? "", output };
}

/** Starts the real server (what `npm start` runs) and waits until it is ready. */
export async function startServer(options: StartServerOptions = {}): Promise<RunningServer> {
  const state = options.state ?? mkdtempSync(join(tmpdir(), "perdure-"));
  if (options.state === undefined) temporary.add(state);
  let launched = await launch(state, options.port ?? 0, options);
  const { url } = launched;
  const hasEnded = () => launched.child.exitCode !== null || launched.child.signalCode !== null;

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!hasEnded()) {
      const ended = once(launched.child, "exit");
      launched.child.kill(signal);
      await ended;
    }
    return launched.child.exitCode;
  }

  return {
    url,
    state,
    get pid() {
      return launched.child.pid ?? 0;
    },
    get workerdPid() {
      const pid = lockedWorkerd(state);
      if (pid === undefined) throw new Error(`${state} is not locked by a running server.`);
      return pid;
    },
    get output() {
      return launched.output;
    },
    stop: (signal = "SIGTERM") => end(signal),
    async kill9() {
      const workerd = lockedWorkerd(state);
      await end("SIGKILL");
      await until(
        "workerd was gone",
        async () => workerd === undefined || (await commandLine(workerd)) === undefined,
      );
      await until("the port was free", () => refusesConnections(url));
    },
    async restart(changed = {}) {
      await end("SIGTERM");
      launched = await launch(state, Number(new URL(url).port), { ...options, ...changed });
    },
  };
}
