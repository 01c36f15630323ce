/** What can happen to an agent, as plain data: random sequences of it can be printed and shrunk. */
import * as fc from "fast-check";
import type { UpdateCheck, UpdateMode } from "../../../src/core/api/views.ts";
import { METHODS, NOWHERE, type Method } from "./revisions.ts";

export interface UpdateCommand {
  readonly mode: UpdateMode;
  readonly revision: number;
  readonly check: UpdateCheck;
}

export type Command =
  | { readonly do: "invoke"; readonly method: Method; readonly mode: "await" | "enqueue" }
  | ({ readonly do: "update"; readonly wake: boolean } & UpdateCommand)
  | ({ readonly do: "dry run" } & UpdateCommand)
  /** A manual update, and an automatic one while the snapshot for the first is being saved. */
  | { readonly do: "update during a save"; readonly manual: number; readonly automatic: number }
  /** `invocations`: the last so many; `moment`: one of those that came before, reverted or not. */
  | { readonly do: "revert"; readonly invocations: number }
  | { readonly do: "revert"; readonly moment: number }
  /** The process dies when so many more things have crossed its border. */
  | { readonly do: "crash"; readonly after: number }
  /** `wait`: until the agent has nothing to do any more. */
  | { readonly do: "snapshot" | "interrupt" | "resume" | "evict" | "wait" };

/** A command, and whether the state is looked at after it, for which an instance must be there. */
export interface Turn {
  readonly command: Command;
  readonly looks: boolean;
}

const mode = fc.constantFrom<UpdateMode>("automatic", "manual");
const check = fc.constantFrom<UpdateCheck>("calls-and-results", "calls-and-results", "calls");
const revision = fc.integer({ min: 1, max: NOWHERE });

function only<const T extends Command["do"]>(what: T) {
  return fc.record({ do: fc.constant(what) });
}

function invocation(methods: readonly Method[]) {
  return fc.record({
    do: fc.constant("invoke"),
    method: fc.constantFrom(...methods),
    mode: fc.constantFrom("await", "enqueue"),
  });
}

const kinds = {
  update: fc.record({ do: fc.constant("update"), mode, revision, check, wake: fc.boolean() }),
  dryRun: fc.record({ do: fc.constant("dry run"), mode, revision, check }),
  updateDuringSave: fc.record({
    do: fc.constant("update during a save"),
    manual: revision,
    automatic: revision,
  }),
  revertLast: fc.record({
    do: fc.constant("revert"),
    invocations: fc.integer({ min: 1, max: 4 }),
  }),
  revertTo: fc.record({ do: fc.constant("revert"), moment: fc.nat(9) }),
  crash: fc.record({ do: fc.constant("crash"), after: fc.nat(60) }),
  snapshot: only("snapshot"),
  interrupt: only("interrupt"),
  resume: only("resume"),
  evict: only("evict"),
  wait: only("wait"),
} satisfies Readonly<Record<string, fc.Arbitrary<Command>>>;

type Kind = keyof typeof kinds | "invoke";

interface Shape {
  readonly minLength: number;
  readonly maxLength: number;
  /** Those that are invoked; all of them, if not given. */
  readonly methods?: readonly Method[];
}

/** Sequences of commands of these kinds, each as frequent as its weight says. */
export function sequences(
  weights: Partial<Readonly<Record<Kind, number>>>,
  { methods = METHODS, ...size }: Shape,
): fc.Arbitrary<Turn[]> {
  const arbitraries: Readonly<Record<Kind, fc.Arbitrary<Command>>> = {
    ...kinds,
    invoke: invocation(methods),
  };
  const weighted = Object.entries(weights).map(([kind, weight]) => ({
    arbitrary: arbitraries[kind as Kind],
    weight,
  }));
  return fc.array(fc.record({ command: fc.oneof(...weighted), looks: fc.boolean() }), size);
}
