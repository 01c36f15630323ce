import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { variables } from "../../src/config.ts";
import { parseCommand } from "../../src/server/options.ts";
import { localDefaults } from "../../src/server/variables.ts";

const local = {
  ...Object.fromEntries(Object.values(variables).map(({ name }) => [name, ""])),
  ...localDefaults,
};

describe("the command line of npm start", () => {
  test("without anything: port 8787, .perdure, no token", () => {
    expect(parseCommand([], {})).toEqual({
      kind: "start",
      options: { port: 8787, stateDirectory: resolve(".perdure"), variables: local },
    });
  });

  test("port, state directory and token", () => {
    const args = ["--port", "0", "--state", "some/where", "--token=secret"];
    expect(parseCommand(args, { PERDURE_TOKEN: "other" })).toEqual({
      kind: "start",
      options: {
        port: 0,
        stateDirectory: resolve("some/where"),
        variables: { ...local, PERDURE_TOKEN: "secret" },
      },
    });
  });

  test("a token from the environment, where an empty one is none", () => {
    const token = (value: string) => {
      const command = parseCommand([], { PERDURE_TOKEN: value });
      return command.kind === "start" ? command.options.variables["PERDURE_TOKEN"] : command.kind;
    };
    expect(token("secret")).toBe("secret");
    expect(token("")).toBe("");
  });

  test.each([
    [["--port", "x"], "--port x is not a port"],
    [["--port", "65536"], "--port 65536 is not a port"],
    [["--port=-1"], "--port -1 is not a port"],
    [["--port", ""], "is not a port"],
    [["--port"], "npm start -- --help"],
    [["--state", ""], "--state is empty"],
    [["--token", ""], "--token is empty"],
    [["--token", "two words"], "PERDURE_TOKEN must be"],
    [["--prot", "1"], "npm start -- --help"],
    [["9000"], "npm start -- --help"],
  ])("%j is refused with what to do", (args, message) => {
    const command = parseCommand(args, {});
    expect(command).toMatchObject({ kind: "invalid" });
    expect(command.kind === "invalid" && command.message).toContain(message);
  });

  test("variables of the environment go to the Worker, over what makes it local", () => {
    const environment = { PERDURE_DIRECTORY_SHARDS: "8", PERDURE_LIMITS: "{}", HOME: "/" };
    expect(parseCommand([], environment)).toMatchObject({
      options: { variables: { ...local, PERDURE_DIRECTORY_SHARDS: "8", PERDURE_LIMITS: "{}" } },
    });
  });

  test("variables that are wrong are refused, each by its name and with what to write", () => {
    const environment = { PERDURE_DIRECTORY_SHARDS: "none", PERDURE_LIMITS: '{"queue":1}' };
    const command = parseCommand([], environment);
    expect(command.kind === "invalid" && command.message.split("\n")).toEqual([
      'PERDURE_DIRECTORY_SHARDS is "none": write a whole number from 1 to 1024.',
      expect.stringMatching(/^PERDURE_LIMITS names "queue", which is no limit: write one of /),
    ]);
  });

  test("help", () => {
    expect(parseCommand(["--help"], {})).toEqual({ kind: "help" });
  });
});
