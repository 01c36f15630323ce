import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { commandLine } from "../../src/server/processes.ts";
import {
  type RunningServer,
  type StartServerOptions,
  lockedWorkerd,
  startServer,
} from "../support/server.ts";

const started: RunningServer[] = [];

async function start(options?: StartServerOptions): Promise<RunningServer> {
  const server = await startServer(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function health(server: RunningServer): Promise<number> {
  try {
    return (await fetch(`${server.url}/v1/health`)).status;
  } catch {
    return 0;
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${String(holds)}`);
    await delay(10);
  }
}

/** Runs the entry to its end, for starts that must fail. */
async function run(...args: string[]): Promise<{ code: unknown; stderr: string; stdout: string }> {
  const child = spawn(process.execPath, ["src/server/main.ts", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const [code] = (await once(child, "close")) as unknown[];
  return { code, stdout, stderr };
}

describe("a start that cannot be", () => {
  test("a bad option: exit code 2 and one message", async () => {
    expect(await run("--port", "x")).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("--port x is not a port") as unknown,
    });
  });

  test("a port in use: exit code 1, and what to do", async () => {
    const server = await start();
    const outcome = await run("--port", new URL(server.url).port, "--state", `${server.state}/2`);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("choose another port with --port");
  });

  test("a state directory in use: exit code 1, and what to do; the first one goes on", async () => {
    const server = await start();
    const outcome = await run("--port", "0", "--state", server.state);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain(`process ${server.pid}`);
    expect(outcome.stderr).toContain("--state DIR");
    expect(await health(server)).toBe(200);
  });

  test("a state directory that cannot be made", async () => {
    const outcome = await run("--port", "0", "--state", join("package.json", "x"));
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("cannot be made");
  });
});

describe("a running server", () => {
  test("prints one line, with its URL, once it answers", async () => {
    const server = await start();
    expect(await health(server)).toBe(200);
    expect(server.output.stdout).toBe(`Perdure is ready at ${server.url}\n`);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s stops it cleanly and leaves nothing behind",
    async (signal) => {
      const server = await start();
      const workerd = server.workerdPid;
      expect(await server.stop(signal)).toBe(0);
      expect(await commandLine(workerd)).toBeUndefined();
      expect(await health(server)).toBe(0);
      expect(existsSync(join(server.state, "server.lock"))).toBe(false);
    },
  );

  test("SIGTERM stops it cleanly also while clients follow an agent", async () => {
    const server = await start();
    const code = 'import { Agent } from "perdure"; export class Box extends Agent {}';
    const headers = { "content-type": "text/javascript" };
    const agent = `${server.url}/v1/agents/box/Box/one`;
    const uploaded = `${server.url}/v1/components/box/revisions`;
    await fetch(uploaded, { method: "POST", body: code, headers });
    await fetch(agent, { method: "PUT" });
    const stream = await fetch(`${agent}/events`);
    const socket = new WebSocket(`${agent.replace("http", "ws")}/events`);
    await once(socket, "open");
    const closed = once(socket, "close");
    const broken = stream.text().catch(() => "broken");
    expect(await server.stop()).toBe(0);
    expect(await health(server)).toBe(0);
    expect(await broken).toBe("broken");
    await closed;
  });

  test("kill -9 takes workerd with it, and the next start on the state works at once", async () => {
    const server = await start();
    for (let round = 0; round < 3; round++) {
      await server.kill9();
      await server.restart();
      expect(await health(server)).toBe(200);
    }
  });

  test("a start right after kill -9 waits for what is left, and then works", async () => {
    const server = await start();
    process.kill(server.pid, "SIGKILL");
    await server.restart();
    expect(await health(server)).toBe(200);
  });

  test("a workerd that dies is started again on the same port", async () => {
    const server = await start();
    const first = server.workerdPid;
    process.kill(first, "SIGKILL");
    await until(
      async () => lockedWorkerd(server.state) !== first && (await health(server)) === 200,
    );
    expect(await server.stop()).toBe(0);
  });

  test("a workerd that dies again and again ends the server with a reason", async () => {
    const server = await start();
    const seen = new Set<number>();
    await until(async () => {
      if ((await commandLine(server.pid)) === undefined) return true;
      const workerd = lockedWorkerd(server.state);
      if (workerd !== undefined && !seen.has(workerd)) process.kill(workerd, "SIGKILL");
      if (workerd !== undefined) seen.add(workerd);
      return false;
    });
    expect(await server.stop()).toBe(1);
    expect(server.output.stderr).toContain("each soon after its start");
  });
});
