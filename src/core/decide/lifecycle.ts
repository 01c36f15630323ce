/** Whether an agent can be interrupted, resumed, or rid of a request (semantics.md section 8). */
import { accept, refuse, type Refusal, type Result } from "../errors.ts";
import { RESUMED, type Suspend } from "../oplog/entry.ts";
import type { Status } from "../status/status.ts";

/** Only what has begun and not ended can be interrupted; on any other agent nothing happens. */
export function isInterruptible({ name }: Status): boolean {
  return name === "running" || name === "suspended" || name === "retrying";
}

/** Why callers of an interrupted agent get no outcome now. */
export function checkInterruption({ name }: Status): Refusal | undefined {
  return name === "interrupted" ? interruption : undefined;
}

/** What waiting callers are told. */
export const interruption: Refusal = refuse(
  "agent-interrupted",
  "The agent is interrupted; the invocation goes on when the agent is resumed or invoked anew.",
).refusal;

/** Whether there is anything to resume. */
export function checkResume({ name }: Status): Refusal | undefined {
  if (name !== "idle" && name !== "running") return undefined;
  return refuse(
    "agent-not-resumable",
    `The agent is ${name}; only an interrupted, suspended, retrying or failed agent can be resumed.`,
  ).refusal;
}

/** The entry that lets an agent go on at once: it sleeps until now. */
export function resumption(at: number): Suspend {
  return { kind: "Suspend", at, reason: RESUMED, until: at };
}

/** What a new request appends first, so that an interrupted agent goes on; nothing in any other status. */
export function resumptionOf({ name }: Status, at: number): readonly Suspend[] {
  return name === "interrupted" ? [resumption(at)] : [];
}

/** Whether an invocation can still be taken back: false when it has ended. */
export function decideCancel(state: "pending" | "running" | "ended"): Result<boolean> {
  if (state !== "running") return accept(state === "pending");
  return refuse(
    "invocation-running",
    "The invocation is running; interrupt the agent to stop it, or wait for its outcome.",
  );
}
