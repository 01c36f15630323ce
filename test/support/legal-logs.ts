/**
 * Generated oplogs that a real agent could have written (semantics.md sections 1 to 8). A log is the
 * trace of random commands to a model; a command that is not legal in the moment does nothing, so
 * shrinking leaves commands out and the rest keeps its meaning. Any prefix of a legal log is legal.
 */
import * as fc from "fast-check";
import type { Indexed } from "../../src/core/oplog/entry.ts";
import { commands, type CommandName } from "./agent-commands.ts";
import { AgentModel } from "./agent-model.ts";

/** How often a command comes; 2 where nothing is said. */
const WEIGHTS: Partial<Record<CommandName, number>> = {
  log: 1,
  complete: 1,
  fork: 1,
  recur: 1,
  unschedule: 1,
  fail: 1,
  request: 3,
  conclude: 3,
  snapshot: 4,
  automatic: 3,
  turn: 4,
  finish: 4,
  end: 5,
  call: 5,
};

const commandName = fc.oneof(
  ...(Object.keys(commands) as CommandName[]).map((name) => ({
    arbitrary: fc.constant(name),
    weight: WEIGHTS[name] ?? 2,
  })),
);

/** A legal oplog; prints itself an entry to a line. */
export class LegalLog {
  readonly entries: readonly Indexed[];
  /** When the last entry was written. */
  readonly now: number;
  /** Where the model lets a revert cut. */
  readonly cuts: readonly number[];

  constructor(model: AgentModel) {
    this.entries = model.entries;
    this.now = model.now;
    this.cuts = model.cuts;
  }

  /** Reads it like `ReadLog`. */
  readonly read = (from: number, to: number): readonly Indexed[] =>
    this.entries.slice(from - 1, to);

  toString(): string {
    return this.entries
      .map(
        ({ index, entry: { kind, ...members } }) => `\n${index} ${kind} ${JSON.stringify(members)}`,
      )
      .join("");
  }
}

/** Legal oplogs of up to `steps` commands. */
export function legalLogs(steps = 60): fc.Arbitrary<LegalLog> {
  const command = fc.record({ name: commandName, a: fc.nat(999), b: fc.nat(999) });
  const scripts = fc.array(command, { maxLength: steps, size: "max" });
  return fc.tuple(fc.boolean(), scripts).map(([hasOnCreate, script]) => {
    const model = new AgentModel(hasOnCreate);
    for (const { name, a, b } of script) {
      model.pass(a % 40);
      commands[name](model, a, b);
    }
    return new LegalLog(model);
  });
}
