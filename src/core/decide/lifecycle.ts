/** Whether an agent can be interrupted, resumed, or rid of a request (semantics.md section 8). */
import { accept, refuse, type Refusal, type Result } from "../errors.ts";
import { cancelledOutcome } from "../oplog/cancellation.ts";
import { RESUMED, type Entry, type Suspend } from "../oplog/entry.ts";
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

/** The entry that lets an agent go on at once. */
export function resumption(at: number): Suspend {
  return { kind: "Suspend", at, reason: RESUMED, until: at };
}

/** What a new request appends first, so that an interrupted agent goes on; nothing in any other status. */
export function resumptionOf({ name }: Status, at: number): readonly Suspend[] {
  return name === "interrupted" ? [resumption(at)] : [];
}

/** How an invocation is taken back: one that runs is stopped only by force. */
export function decideCancel(
  state: "pending" | "running" | "ended",
  force: boolean,
): Result<"withdraw" | "stop" | "nothing"> {
  if (state === "pending") return accept("withdraw");
  if (state === "ended") return accept("nothing");
  if (force) return accept("stop");
  return refuse(
    "invocation-running",
    "The invocation is running; cancel it with ?force=true, interrupt the agent, or wait for its outcome.",
  );
}

/** Whether code of the invocation in progress can hear of its cancellation, and so gets a grace. */
export function hearsCancellation({ name }: Status): boolean {
  return name === "running" || name === "suspended";
}

/** Epoch milliseconds at which an invocation is stopped whose code has heard that it is cancelled, and had its grace; not while the agent stands still. */
export function cancelBy({ name, current }: Status, graceMs: number): number | undefined {
  const standsStill = name === "interrupted" || name === "failed";
  if (standsStill || current?.cancelledAt === undefined) return undefined;
  return current.cancelledAt + graceMs;
}

/** What ends the invocation in progress wherever its code is; an interrupted agent stays interrupted. */
export function endOfCancelled({ name, current, revision }: Status, at: number): readonly Entry[] {
  if (current === undefined) return [];
  const { idempotencyKey } = current;
  const outcome = cancelledOutcome;
  const kind = "AgentInvocationFinished";
  const end = { kind, at, idempotencyKey, outcome, revision, cancelled: true } as const;
  return name === "interrupted" ? [end, { kind: "Interrupted", at }] : [end];
}
