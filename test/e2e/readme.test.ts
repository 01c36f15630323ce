/** The README is true: its tour runs as it is written, and its tables list what there is. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { variables } from "../../src/config.ts";
import { localDefaults } from "../../src/server/variables.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { routes } from "../../src/http/routes/table.ts";
import { usage } from "../../src/server/options.ts";
import { Terminal } from "./readme/terminal.ts";
import { patternOf, readTour } from "./readme/tour.ts";
import { until } from "./support/until.ts";

const readme = readFileSync("README.md", "utf8");

/** The first cells of the table rows in a section. */
function firstCells(heading: string): string[] {
  const section = readme.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return [...section.matchAll(/^\| (.*?) \|/gm)].map(([, cell = ""]) => cell);
}

/** What is written as code in cells. */
function quoted(cells: readonly string[]): string[] {
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]*)`/g)].map(([, text = ""]) => text));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const address = server.address();
  await new Promise((closed) => {
    server.close(closed);
  });
  if (typeof address !== "object" || address === null) throw new Error("there is no free port");
  return address.port;
}

describe("the tour", () => {
  const steps = readTour(readme);
  const clone = mkdtempSync(join(tmpdir(), "perdure-readme-"));
  let port = 0;
  let first: Terminal;
  let second: Terminal;

  beforeAll(async () => {
    port = await freePort();
    for (const name of ["package.json", "tsconfig.base.json", "scripts", "src"]) {
      cpSync(name, join(clone, name), { recursive: true });
    }
    symlinkSync(resolve("node_modules"), join(clone, "node_modules"));
    first = new Terminal(clone);
    second = new Terminal(clone);
  });

  afterAll(async () => {
    first.interrupt();
    await until("the server was gone", () => (existsSync(lock()) ? undefined : true));
    await Promise.all([first.close(), second.close()]);
    rmSync(clone, { recursive: true, force: true });
  });

  const lock = () => join(clone, ".perdure/server.lock");

  /** What the test runs elsewhere than the tour: its dependencies are installed, its port is free. */
  function here(text: string): string {
    return text
      .replace(/^npm ci\n/m, "")
      .replace(/^npm start$/m, `npm start -- --port ${port}`)
      .replaceAll("http://127.0.0.1:8787", `http://127.0.0.1:${port}`);
  }

  test("begins with the installation", () => {
    expect(steps[0]).toMatchObject({ terminal: 1, code: "npm ci\nnpm start\n" });
    expect(steps.filter(({ terminal }) => terminal === 1)).toHaveLength(2);
  });

  test("runs as it is written, and shows what it says", { timeout: 120_000 }, async () => {
    let server: Promise<string> = Promise.resolve("");
    for (const { heading, terminal, code, shown = "" } of steps) {
      const expected = patternOf(here(shown));
      if (terminal === 2) {
        expect(await second.paste(here(code)), `${heading}: ${code}`).toMatch(expected);
        continue;
      }
      await server;
      const from = first.output.length;
      server = first.paste(here(code));
      server.catch(() => {});
      const isReady = () =>
        first.output
          .slice(from)
          .split("\n")
          .some((line) => expected.test(line));
      await until("the server was ready", () => isReady() || undefined, 60_000);
    }
    const [logged, returned] = [/packing order (\S+)/, /"order":"([^"]+)"/].map(
      (pattern) => pattern.exec(second.output)?.[1],
    );
    expect(logged).toMatch(/^[0-9a-f-]{36}$/);
    expect(returned).toBe(logged);
    first.interrupt();
    await server;
    expect(existsSync(lock())).toBe(false);
  });
});

describe("the tables", () => {
  test("list the routes that there are", () => {
    const agent = "/v1/agents/{component}/{type}/{key}";
    const served = routes.map(({ verb, path }) => `${verb} ${path}`);
    const listed = quoted(firstCells("HTTP API")).map((route) =>
      route.replace(/ A\b/, ` ${agent}`),
    );
    expect(listed.toSorted()).toEqual(served.toSorted());
  });

  test("list the dependencies that there are", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      dependencies: object;
      devDependencies: object;
    };
    const listed = quoted(firstCells("Dependencies"));
    expect(listed).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
  });

  test("list the options, variables and limits that there are", () => {
    const cells = firstCells("Configuration").map((cell) => cell.replace(/:.*/, ""));
    const listed = quoted(cells);
    const options = [...usage.matchAll(/^ {2}(--\w+ [A-Z]+)/gm)].map(([, option = ""]) => option);
    const names = Object.values(variables).map(({ name }) => name);
    expect(listed.toSorted()).toEqual(
      [...options, ...names, ...Object.keys(defaultLimits)].toSorted(),
    );
  });

  test("say of each variable what the configuration says", () => {
    for (const { name, meaning, fallback, read } of Object.values(variables)) {
      const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
      const [shown, byDefault = "", local] = row.slice(2, -2).split(" | ").slice(1);
      expect(shown).toBe(meaning);
      if (byDefault === "not set") expect(fallback).toBeUndefined();
      else expect(read(byDefault.slice(1, -1))).toEqual({ ok: true, value: fallback });
      if (name in localDefaults) expect(local).toBe(`\`${localDefaults[name]}\``);
    }
  });

  test("give the limits their values", () => {
    const rows = [...readme.matchAll(/^\| `(\w+)`: .* \| ([\d,]+)(?: (GiB|MiB|s|bytes))? \|$/gm)];
    const units = { GiB: 1024 ** 3, MiB: 1024 ** 2, s: 1000, bytes: 1, "": 1 };
    const values = rows.map(([, name = "", value = "", unit = ""]) => [
      name,
      Number(value.replaceAll(",", "")) * units[unit as keyof typeof units],
    ]);
    expect(Object.fromEntries(values)).toEqual(defaultLimits);
  });
});

test("every link leads to a file, and every script that is named exists", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = ""]) => link);
  const folders = quoted(firstCells("Development")).filter((name) => /^[a-z/]+$/.test(name));
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object };
  const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((path) => !existsSync(path))).toEqual([]);
  expect(folders.filter((path) => !existsSync(path) && !existsSync(join("test", path)))).toEqual(
    [],
  );
  expect(named.filter((script) => !Object.keys(scripts).includes(script ?? ""))).toEqual([]);
});
