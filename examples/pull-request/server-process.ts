import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { until } from "./wait.ts";

/** A Perdure server in a process of its own, on one state directory. */
export interface ServerProcess {
  /** Where it answers since the last start; another port each time. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server answers. */
  start(): Promise<void>;
  /** `kill -9`; resolves when workerd is gone as well, which dies with the server. */
  kill9(): Promise<void>;
  /** Lets it stop cleanly, then makes sure. */
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;

/** A server on `stateDirectory`, not yet started. Builds what `npm start` builds. */
export function createServerProcess(stateDirectory: string): ServerProcess {
  buildWorker();
  let child: ChildProcess | undefined;
  let url = "";
  return {
    get url() {
      return url;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      const starting = spawnServer(stateDirectory);
      child = starting;
      url = await readUrl(starting);
    },
    async kill9() {
      child?.kill("SIGKILL");
      await whenClosed(url);
    },
    async stop() {
      child?.kill("SIGTERM");
      await until("the server to stop", STOP_LIMIT_MS, () => hasEnded(child)).catch(
        () => undefined,
      );
      child?.kill("SIGKILL");
    },
  };
}

function buildWorker(): void {
  const build = spawnSync(process.execPath, ["scripts/build.mjs", "worker"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (build.status !== 0) throw new Error(`The worker could not be built:\n${build.stderr}`);
}

function spawnServer(stateDirectory: string): ChildProcessByStdio<null, Readable, Readable> {
  const script = ["src/server/main.ts", "--port", "0", "--state", stateDirectory];
  return spawn(process.execPath, script, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
}

async function readUrl(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  let output = "";
  const keep = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-20_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  try {
    return await until("the server's line with its URL", START_LIMIT_MS, () => {
      if (hasEnded(child)) throw new Error("The server ended before it was ready.");
      return /(https?:\/\/[\w.:[\]-]+).*\n/.exec(output)?.[1];
    });
  } catch (error) {
    throw new Error(`${String(error)} It printed:\n${output}`, { cause: error });
  }
}

function hasEnded(child: ChildProcess | undefined): true | undefined {
  return child === undefined || child.exitCode !== null || child.signalCode !== null
    ? true
    : undefined;
}

/** A port that refuses connections is the proof that no process of the server is left on it. */
function whenClosed(url: string): Promise<true> {
  const { hostname, port } = new URL(url);
  return until("the killed server to be gone", STOP_LIMIT_MS, () =>
    refuses(hostname, Number(port)),
  );
}

function refuses(host: string, port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", () => resolve(true));
  });
}
