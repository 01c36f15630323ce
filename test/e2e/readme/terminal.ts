import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { delimiter } from "node:path";
import { until } from "../support/until.ts";

const patienceMs = 90_000;

/** The environment of a terminal that nobody has prepared: nothing of the npm that runs the tests. */
function bareEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|PERDURE_)/i.test(name) && name !== "NODE_OPTIONS",
  );
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((directory) => !directory.includes("node_modules"))
    .join(delimiter);
  return { ...Object.fromEntries(entries), PATH: path, NODE_ENV: undefined };
}

/** A bash into which blocks are pasted, one after the other. */
export class Terminal {
  readonly #shell: ChildProcess;
  #output = "";

  constructor(directory: string) {
    this.#shell = spawn("bash", ["--noprofile", "--norc"], {
      cwd: directory,
      env: bareEnvironment(),
      // A group of its own, so that whatever was started in it can be ended with it.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#shell.stdout?.on("data", (chunk) => (this.#output += String(chunk)));
    this.#type("exec 2>&1\n");
  }

  get #hasEnded(): boolean {
    return this.#shell.exitCode !== null || this.#shell.signalCode !== null;
  }

  #type(text: string): void {
    this.#shell.stdin?.write(text);
  }

  /** Pastes a block; the promise gives all of its output once the prompt is back. */
  paste(code: string): Promise<string> {
    const from = this.#output.length;
    const prompt = `prompt ${randomUUID()}\n`;
    this.#type(`${code}echo ${prompt}`);
    return until(
      `this was done: ${code}`,
      () => {
        const end = this.#output.indexOf(prompt, from);
        if (end === -1 && this.#hasEnded) throw new Error(`The shell has ended:\n${this.#output}`);
        return end === -1 ? undefined : this.#output.slice(from, end).trimEnd();
      },
      patienceMs,
    );
  }

  /** Everything written so far. */
  get output(): string {
    return this.#output;
  }

  /** Types Ctrl-C: interrupts whatever runs. */
  interrupt(): void {
    if (this.#shell.pid === undefined || this.#hasEnded) return;
    process.kill(-this.#shell.pid, "SIGINT");
  }

  /** Closes the window: ends the shell and whatever it has started. */
  async close(): Promise<void> {
    if (this.#shell.pid === undefined || this.#hasEnded) return;
    const ended = once(this.#shell, "exit");
    process.kill(-this.#shell.pid, "SIGKILL");
    await ended;
  }
}
