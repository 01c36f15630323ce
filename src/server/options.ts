import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { workerVariables } from "./variables.ts";

/** What `npm start` was asked for. */
export interface ServerOptions {
  /** 0 asks for a free port. */
  readonly port: number;
  readonly stateDirectory: string;
  /** The variables of the Worker. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The options, a request for help, or what is wrong with the command line and how to mend it. */
export type ParsedCommand =
  | { readonly kind: "start"; readonly options: ServerOptions }
  | { readonly kind: "help" }
  | { readonly kind: "invalid"; readonly message: string };

/** The text that `--help` prints. */
export const usage = `Usage: npm start -- [options]

Serves the Perdure HTTP API on http://127.0.0.1 in local development mode.

  --port PORT    the port to listen on; 0 picks a free one (default 8787)
  --state DIR    the directory that keeps all state (default .perdure)
  --token TOKEN  require this bearer token on every request (default: the
                 environment variable PERDURE_TOKEN; without one, none is required)
  --help         print this text

What else can be set, by variables of the environment, is listed in README.md.`;

const flags = {
  port: { type: "string", default: "8787" },
  state: { type: "string", default: ".perdure" },
  token: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

function invalid(message: string): ParsedCommand {
  return { kind: "invalid", message };
}

/** Reads the command line and the environment; a token in that counts when none is given on the line. */
export function parseCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedCommand {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: flags, allowPositionals: false }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`${reason}\nRun \`npm start -- --help\` for the options that there are.`);
  }
  if (values.help) return { kind: "help" };
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65_535)) {
    return invalid(
      `--port ${values.port} is not a port: give a number from 1 to 65535, or 0 for a free one.`,
    );
  }
  if (values.state === "") {
    return invalid("--state is empty: give the directory that is to keep the state.");
  }
  if (values.token === "") {
    return invalid("--token is empty: give the token, or leave the option away to require none.");
  }
  const token = values.token === undefined ? {} : { PERDURE_TOKEN: values.token };
  const variables = workerVariables({ ...environment, ...token });
  if (!variables.ok) return invalid(variables.fault);
  const stateDirectory = resolve(values.state);
  return { kind: "start", options: { port, stateDirectory, variables: variables.set } };
}
