/** What must come of an update, by semantics.md sections 4 and 5 alone. */
import { isLeftAsleep, type StatusName, type Target, type UpdateCase } from "./update-cases.ts";

/** One thing that the agent was told, and the revision whose code heard it. */
export type Told = readonly [what: string, revision: number];

export interface Expectation {
  /** The code of the refusal; absent when the request is accepted. */
  readonly refusal?: string;
  readonly conclusion: "successful" | "failed" | "none";
  /** How the agent rests once nothing happens by itself any more. */
  readonly rest: "idle" | "interrupted" | "failed";
  /** Whether the update still waits then. */
  readonly waits: boolean;
  readonly revision: number;
  /** The state in the end. */
  readonly told: readonly Told[];
}

/** The calls of a history, by the revision that they were made on. */
export function pastCalls({ history }: UpdateCase): (readonly [method: string, what: string])[][] {
  const part = (n: number) =>
    [
      ["note", `${n}a`],
      ["ask", `${n}b`],
      ["note", `${n}c`],
    ] as const;
  return history === "from the beginning"
    ? [[...part(1)]]
    : [[["early", "0"], ...part(1)], [...part(2)]];
}

const DIVERGING = new Set<Target>([
  "calls something else",
  "answers something else",
  "a past method is gone",
  "the unfinished method is gone",
  "dies when it replays",
  "code does not start",
]);

const UNSAVED = new Set<Target>(["load fails", "save fails", "code does not start"]);

/** An automatic update loads nothing but a manual snapshot; a manual one replays nothing. */
function fails({ mode, status, target, history }: UpdateCase): boolean {
  if (mode === "manual") return UNSAVED.has(target);
  if (target === "load fails") return history === "after a manual update";
  // This try has called nothing before it asked to begin anew.
  const hasCalled = status !== "retrying from the beginning";
  return target === "calls something else in what is unfinished"
    ? hasCalled
    : DIVERGING.has(target);
}

function restOf(status: StatusName, isHealed: boolean): Expectation["rest"] {
  if (isLeftAsleep(status)) return "interrupted";
  return status === "failed" && !isHealed ? "failed" : "idle";
}

export function expectationOf(one: UpdateCase): Expectation {
  const { mode, status } = one;
  const parts = pastCalls(one);
  const old = parts.length;
  const isRefused = mode === "manual" && status === "failed";
  const isDone = !isRefused && !fails(one);
  const revision = isDone ? old + 1 : old;
  // An automatic success replays what came after the last manual one, and overtakes the queue.
  const heardBy = mode === "automatic" ? revision : old;
  const past = parts.map((calls) => calls.map(([, what]) => what));
  const unfinished = status === "idle" ? [] : ["begun", "ended", "queued"];
  const told = past.flatMap((names, at) =>
    names.map((what): Told => [what, at + 1 === old ? heardBy : at + 1]),
  );
  const isStillInterrupted = mode === "automatic" && status === "interrupted" && !isDone;
  const rest = isStillInterrupted ? "interrupted" : restOf(status, mode === "automatic" && isDone);
  return {
    ...(isRefused ? { refusal: "agent-failed" } : {}),
    conclusion: isRefused ? "none" : isDone ? "successful" : "failed",
    rest,
    waits: isLeftAsleep(status),
    revision,
    told: [...told, ...unfinished.map((what): Told => [what, heardBy]), ["after", revision]],
  };
}
