import { parseArgs } from "node:util";

/** How the benchmark was asked to run. */
export interface Options {
  /** Seconds measured for each side of a cell, over all rounds. */
  readonly seconds: number;
  /** How often the two sides of a cell take turns. */
  readonly rounds: number;
  readonly json: string | undefined;
}

const usage = "Usage: npm run bench -- [--json FILE] [--seconds PER_CELL] [--rounds N]";

/** The options, or what is wrong with the command line and how to mend it. */
export type ParsedOptions =
  | { readonly ok: true; readonly options: Options }
  | { readonly ok: false; readonly message: string };

function parseFlags(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      json: { type: "string" },
      seconds: { type: "string", default: "5" },
      rounds: { type: "string", default: "5" },
    },
  }).values;
}

/** Reads the command line. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  let values;
  try {
    values = parseFlags(args);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `${reason}\n${usage}` };
  }
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds);
  if (!(seconds > 0 && seconds < Infinity)) {
    return { ok: false, message: `--seconds must be a positive number.\n${usage}` };
  }
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
    return { ok: false, message: `--rounds must be a positive integer.\n${usage}` };
  }
  return { ok: true, options: { seconds, rounds, json: values.json } };
}
