import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What `npm start` was asked for. */
export interface ServerOptions {
  /** 0 asks for a free port. */
  readonly port: number;
  readonly stateDirectory: string;
  readonly token: string | undefined;
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
  --help         print this text`;

const flags = {
  port: { type: "string", default: "8787" },
  state: { type: "string", default: ".perdure" },
  token: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

function invalid(message: string): ParsedCommand {
  return { kind: "invalid", message };
}

/** Reads the command line; a token in the environment counts when none is given on it. */
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
  const token = values.token ?? (environment["PERDURE_TOKEN"] || undefined);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    return invalid(
      "The token must be one or more visible ASCII characters without spaces: give another with " +
        "--token or PERDURE_TOKEN, or leave both away to require none.",
    );
  }
  return { kind: "start", options: { port, stateDirectory: resolve(values.state), token } };
}
