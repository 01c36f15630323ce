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
  | { readonly do: "again"; readonly times: number }
  /** Work of the platform beside the record; a new key, which is recorded. */
  | { readonly do: "native"; readonly name: string }
  | { readonly do: "key" }
  /** A stream whose chunks are made one after the other, each by a program. */
  | { readonly do: "fed"; readonly of: readonly Program[] };

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
  /** Absent where there is no platform. */
  readonly native?: NativeHelpers;
}

/** What only the platform has. */
interface NativeHelpers {
  /** Does the work of that name. */
  work(name: string): Promise<unknown>;
  newKey(): Promise<unknown>;
  /** Reads a stream whose chunks are what these make, one after the other. */
  read(chunks: readonly (() => Promise<string>)[]): Promise<string>;
}

interface Saga {
  do(action: () => unknown, compensate: () => unknown): Promise<unknown>;
}

const soon = fc.integer({ min: 0, max: 40 });
const few = fc.nat({ max: 2 });
function is<const Name extends string>(name: Name) {
  return fc.constant(name);
}

/** What programs are made for. */
interface Platform {
  /** How long they sleep, and how long after its creation a promise is completed. */
  readonly sleepMs: fc.Arbitrary<number>;
  readonly approvalMs: fc.Arbitrary<number>;
  /** How often a request breaks off: each time costs the delay of a retry. */
  readonly broken: fc.Arbitrary<number>;
  /** The names of the platform's own work; none where there is no platform. */
  readonly natives: readonly string[];
}

function calls({ sleepMs, approvalMs, broken, natives }: Platform): fc.Arbitrary<Program> {
  const beside =
    natives.length === 0
      ? []
      : [
          {
            weight: 9,
            arbitrary: fc.record({ do: is("native"), name: fc.constantFrom(...natives) }),
          },
          { weight: 2, arbitrary: fc.record({ do: is("key") }) },
        ];
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: is("fetch"),
        method: fc.constantFrom("GET", "POST", "PUT"),
        ms: soon,
        broken,
        busy: few,
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: is("sleep"), ms: sleepMs }) },
    { weight: 2, arbitrary: fc.record({ do: is("timer"), ms: soon }) },
    fc.record({ do: is("cancelled timer"), ms: soon }),
    { weight: 3, arbitrary: fc.record({ do: is("step"), ms: soon, fails: few }) },
    fc.record({ do: fc.constantFrom("quick step", "name", "random", "log") }),
    { weight: 2, arbitrary: fc.record({ do: is("approval"), later: approvalMs }) },
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
    ...beside,
  );
}

const sagas = <T>(of: fc.Arbitrary<T>) => fc.record({ do: is("saga"), of, fails: fc.boolean() });

const loops = <T>(of: fc.Arbitrary<T>) =>
  fc.record({ do: is("loop"), times: fc.integer({ min: 2, max: 3 }), of });

/** Programs of calls, and of `more`, in sequence and side by side. */
function programsOf(
  call: fc.Arbitrary<Program>,
  { natives }: Platform,
  ...more: fc.Arbitrary<Program>[]
): fc.Arbitrary<Program> {
  return fc.letrec<{ program: Program; several: Program[] }>((tie) => ({
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
      ...more,
      ...(natives.length === 0 ? [] : [fc.record({ do: is("fed"), of: tie("several") })]),
    ),
  })).program;
}

/** What begins anew some times, in the end. */
function stubborn(program: fc.Arbitrary<Program>): fc.Arbitrary<Program> {
  return fc.tuple(program, fc.integer({ min: 1, max: 2 })).map(([of, times]) => ({
    do: "seq",
    of: [
      { do: "catch", of },
      { do: "again", times },
    ],
  }));
}

/** What an agent is asked to do in one invocation. */
function programsFor(platform: Platform): fc.Arbitrary<Program> {
  const call = calls(platform);
  const region = fc.record({ do: is("atomically"), of: programsOf(call, platform) });
  // Not in what begins anew, which repeats it all the same.
  const once = fc.record({ do: is("once"), ms: soon });
  const program = programsOf(call, platform, region, once);
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: is("seq"),
        of: fc.array(program, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: stubborn(programsOf(call, platform, region)) },
  );
}

/** Now and then longer than an agent stays in memory for. */
const while_ = fc.oneof({ weight: 6, arbitrary: soon }, fc.integer({ min: 9_000, max: 30_000 }));

/** On a virtual clock. */
export const programs: fc.Arbitrary<Program> = programsFor({
  sleepMs: while_,
  // Now and then right when the agent is being put to sleep, ten seconds after it began to wait.
  approvalMs: fc.oneof({ weight: 2, arbitrary: while_ }, fc.constantFrom(10_000, 10_000.5, 10_001)),
  broken: few,
  natives: [],
});

/** In real time, on a platform that can do the work of these names. */
export function platformPrograms(natives: readonly string[]): fc.Arbitrary<Program> {
  const broken = fc.constantFrom(0, 0, 0, 1);
  return programsFor({ sleepMs: soon, approvalMs: soon, broken, natives });
}
