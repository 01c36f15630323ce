import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/server/options.ts";

describe("the command line of npm start", () => {
  test("without anything: port 8787, .perdure, no token", () => {
    expect(parseCommand([], {})).toEqual({
      kind: "start",
      options: { port: 8787, stateDirectory: resolve(".perdure"), token: undefined },
    });
  });

  test("port, state directory and token", () => {
    const args = ["--port", "0", "--state", "some/where", "--token=secret"];
    expect(parseCommand(args, { PERDURE_TOKEN: "other" })).toEqual({
      kind: "start",
      options: { port: 0, stateDirectory: resolve("some/where"), token: "secret" },
    });
  });

  test("a token from the environment, where an empty one is none", () => {
    const token = (value: string) => {
      const command = parseCommand([], { PERDURE_TOKEN: value });
      return command.kind === "start" ? command.options.token : command.kind;
    };
    expect(token("secret")).toBe("secret");
    expect(token("")).toBeUndefined();
  });

  test.each([
    [["--port", "x"], "--port x is not a port"],
    [["--port", "65536"], "--port 65536 is not a port"],
    [["--port=-1"], "--port -1 is not a port"],
    [["--port", ""], "is not a port"],
    [["--port"], "npm start -- --help"],
    [["--state", ""], "--state is empty"],
    [["--token", ""], "The token must be"],
    [["--token", "two words"], "The token must be"],
    [["--prot", "1"], "npm start -- --help"],
    [["9000"], "npm start -- --help"],
  ])("%j is refused with what to do", (args, message) => {
    const command = parseCommand(args, {});
    expect(command).toMatchObject({ kind: "invalid" });
    expect(command.kind === "invalid" && command.message).toContain(message);
  });

  test("help", () => {
    expect(parseCommand(["--help"], {})).toEqual({ kind: "help" });
  });
});
