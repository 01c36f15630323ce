/**
 * Generated programs for agents: durable calls in sequence and side by side. They are data, so they
 * can be sent to an agent as an argument, printed and shrunk; `interpreter.js` runs them.
 */
import * as fc from "fast-check";

/** Calls, and what puts them together. Times are milliseconds. */
export type Program =
  | {
      readonly do: "fetch";
      readonly method: "GET" | "POST" | "PUT";
      readonly ms: number;
      /** How many arrivals break off first, and how many are answered with 503 then. */
      readonly broken: number;
      readonly busy: number;
    }
  /** `once`: a write that is not repeated when nobody knows whether it was done. */
  | { readonly do: "sleep" | "timer" | "cancelled timer" | "once"; readonly ms: number }
  | { readonly do: "step"; readonly ms: number; readonly fails: number }
  | { readonly do: "quick step" | "name" | "random" | "log" | "throw" }
  | { readonly do: "approval"; readonly later: number }
  | {
      readonly do: "ask";
      readonly kind: "invoke" | "enqueue" | "schedule";
      readonly ms: number;
      readonly fails: boolean;
    }
  | { readonly do: "seq" | "all" | "race" | "any" | "allSettled"; readonly of: readonly Program[] }
  | { readonly do: "stray" | "catch" | "atomically" | "patiently"; readonly of: Program }
  | { readonly do: "loop"; readonly times: number; readonly of: Program }
  | { readonly do: "saga"; readonly of: readonly Program[]; readonly fails: boolean }
  | { readonly do: "again"; readonly times: number };

/** What the code has seen: which kind of call, where in the program, its value, and the time then. */
export type Item = [kind: string, label: string, value: unknown, now: number];

/** What the helper agent can be asked for. */
type Verbs = Record<"work" | "fail", (what: string, ms: number) => Promise<unknown>>;

/** What programs make their calls with: what `perdure` and the globals give to agents. */
export interface Helpers {
  now(): number;
  random(): number;
  /** A random name that is recorded, as `crypto.randomUUID()` is. */
  randomName(label: string): string;
  log(message: string): void;
  fetch(url: string, init: { method: string; body?: string }): Promise<Response>;
  setTimeout(callback: () => void, ms: number): number;
  clearTimeout(id: number): void;
  sleep(ms: number): Promise<void>;
  step(name: string, fn: () => unknown, options?: object): Promise<unknown>;
  createPromise(): { readonly id: string; wait(): Promise<unknown> };
  agent(type: string, key: string): Verbs & { enqueue: Verbs; schedule(when: number): Verbs };
  atomically(fn: () => unknown): Promise<unknown>;
  withRetry(policy: object, fn: () => unknown): Promise<unknown>;
  withIdempotence(isIdempotent: boolean, fn: () => unknown): Promise<unknown>;
  saga(body: (tx: Saga) => unknown): Promise<unknown>;
  invocation(): { readonly attempt: number };
  RetryableError: new (message: string, options: { afterMs: number }) => Error;
}

interface Saga {
  do(action: () => unknown, compensate: () => unknown): Promise<unknown>;
}

const soon = fc.integer({ min: 0, max: 40 });
const few = fc.nat({ max: 2 });
/** Now and then longer than an agent stays in memory for. */
const while_ = fc.oneof({ weight: 6, arbitrary: soon }, fc.integer({ min: 9_000, max: 30_000 }));

/** Now and then right when the agent is being put to sleep, ten seconds after it began to wait. */
const approvalTime = fc.oneof(
  { weight: 2, arbitrary: while_ },
  fc.constantFrom(10_000, 10_000.5, 10_001),
);

function is<const Name extends string>(name: Name) {
  return fc.constant(name);
}

const call: fc.Arbitrary<Program> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: is("fetch"),
      method: fc.constantFrom("GET", "POST", "PUT"),
      ms: soon,
      broken: few,
      busy: few,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: is("sleep"), ms: while_ }) },
  { weight: 2, arbitrary: fc.record({ do: is("timer"), ms: soon }) },
  fc.record({ do: is("cancelled timer"), ms: soon }),
  { weight: 3, arbitrary: fc.record({ do: is("step"), ms: soon, fails: few }) },
  fc.record({ do: fc.constantFrom("quick step", "name", "random", "log") }),
  { weight: 2, arbitrary: fc.record({ do: is("approval"), later: approvalTime }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: is("ask"),
      kind: fc.constantFrom("invoke", "enqueue", "schedule"),
      ms: soon,
      fails: fc.boolean(),
    }),
  },
  fc.record({ do: is("throw") }),
);

const sagas = <T>(of: fc.Arbitrary<T>) => fc.record({ do: is("saga"), of, fails: fc.boolean() });

const loops = <T>(of: fc.Arbitrary<T>) =>
  fc.record({ do: is("loop"), times: fc.integer({ min: 2, max: 3 }), of });

/** Programs of calls, and of `more`, in sequence and side by side. */
function programsOf(...more: fc.Arbitrary<Program>[]): fc.Arbitrary<Program> {
  const { program } = fc.letrec<{ program: Program; several: Program[] }>((tie) => ({
    several: fc.array(tie("program"), { minLength: 1, maxLength: 3 }),
    program: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 3, arbitrary: call },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom("seq", "seq", "all", "race", "any", "allSettled"),
          of: tie("several"),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom("stray", "catch", "catch", "patiently"),
          of: tie("program"),
        }),
      },
      loops(tie("program")),
      sagas(tie("several")),
      ...more.map((arbitrary) => ({ weight: 1, arbitrary })),
    ),
  }));
  return program;
}

const simple = programsOf();
const region = fc.record({ do: is("atomically"), of: simple });
/** Not in what begins anew, which repeats it all the same. */
const once = fc.record({ do: is("once"), ms: soon });
const repeatable = programsOf(region);
const program = programsOf(region, once);

/** What begins anew some times, in the end. */
const stubborn: fc.Arbitrary<Program> = fc
  .tuple(repeatable, fc.integer({ min: 1, max: 2 }))
  .map(([of, times]) => ({
    do: "seq",
    of: [
      { do: "catch", of },
      { do: "again", times },
    ],
  }));

/** What an agent is asked to do in one invocation. */
export const programs: fc.Arbitrary<Program> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: is("seq"),
      of: fc.array(program, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: stubborn },
);
