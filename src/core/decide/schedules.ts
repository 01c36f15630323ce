/**
 * Recurring schedules: each has exactly one run in the queue, an ordinary request for a time. The
 * next one is queued when that leaves the queue, in the same append; so no run comes twice, and
 * those that were missed meanwhile are one.
 */
import { refuse, type Refusal } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Entry, PendingAgentInvocation, ScheduleCreated } from "../oplog/entry.ts";
import { queuedRun } from "../status/schedules.ts";
import type { PendingInvocation, ScheduleState, Status } from "../status/status.ts";
import { checkAdmission, checkReuse } from "./invoke.ts";

/** What the times of a schedule come from. */
export type Timing = Pick<ScheduleCreated, "cron" | "timezone">;

/** The first time of a schedule after another, in epoch milliseconds; none if there is no more. */
export type NextTime = (timing: Timing, after: number) => number | undefined;

function runAt(
  { scheduleId, method, args }: ScheduleCreated,
  scheduledFor: number,
  at: number,
): PendingAgentInvocation {
  return {
    kind: "PendingAgentInvocation",
    at,
    idempotencyKey: `${scheduleId}@${new Date(scheduledFor).toISOString()}`,
    invocation: { type: "method", method, args },
    scheduledFor,
    schedule: scheduleId,
  };
}

function runAfter(
  schedule: ScheduleCreated,
  after: number,
  at: number,
  nextTime: NextTime,
): readonly PendingAgentInvocation[] {
  const next = nextTime(schedule, after);
  return next === undefined ? [] : [runAt(schedule, next, at)];
}

/** The entries that make a schedule; one that has no time ahead is there, and never runs. */
export function newSchedule(schedule: ScheduleCreated, nextTime: NextTime): readonly Entry[] {
  return [schedule, ...runAfter(schedule, schedule.at, schedule.at, nextTime)];
}

/** The entries that end a schedule. A run that has begun goes on. */
export function endOfSchedule(
  { pending }: Status,
  { id: scheduleId }: ScheduleState,
  at: number,
): readonly Entry[] {
  const run = queuedRun(pending, scheduleId);
  const deleted = { kind: "ScheduleDeleted", at, scheduleId } as const;
  if (run === undefined) return [deleted];
  const { idempotencyKey } = run;
  return [deleted, { kind: "CancelPendingInvocation", at, idempotencyKey }];
}

/** The request that an entry takes out of the queue. */
function leaving(pending: readonly PendingInvocation[], entry: Entry) {
  if (entry.kind === "AgentInvocationStarted") {
    return pending.find(({ index }) => index === entry.pendingIndex);
  }
  if (entry.kind !== "CancelPendingInvocation") return undefined;
  return pending.find(({ idempotencyKey }) => idempotencyKey === entry.idempotencyKey);
}

/** What is appended with `entries` so that every schedule whose run they begin or cancel has its next one. */
export function followingRuns(
  { schedules, pending }: Status,
  entries: readonly Entry[],
  at: number,
  nextTime: NextTime,
  entryAt: (index: number) => Entry | undefined,
): readonly PendingAgentInvocation[] {
  if (schedules.length === 0) return [];
  const deleted = new Set(
    entries.map((entry) => (entry.kind === "ScheduleDeleted" ? entry.scheduleId : undefined)),
  );
  return entries.flatMap((entry) => {
    const run = leaving(pending, entry);
    const schedule = schedules.find(({ id }) => id === run?.schedule);
    if (schedule === undefined || deleted.has(schedule.id)) return [];
    const created = entryAt(schedule.index);
    if (created?.kind !== "ScheduleCreated") return [];
    return runAfter(created, Math.max(at, run?.scheduledFor ?? at), at, nextTime);
  });
}

/** Whether the agent takes one more schedule. */
export function checkNewSchedule(
  status: Status,
  limits: Pick<Limits, "schedules" | "pendingInvocations">,
): Refusal | undefined {
  if (status.schedules.length < limits.schedules) return checkAdmission(status, limits);
  return refuse(
    "too-many-schedules",
    `The agent has ${limits.schedules} schedules, which is the limit; delete one that is not needed any more.`,
  ).refusal;
}

/** The same key must mean the same schedule. */
export function checkSameSchedule(
  known: ScheduleCreated,
  request: Timing & Pick<ScheduleCreated, "method" | "args">,
): Refusal | undefined {
  const isSameTime = known.cron === request.cron && known.timezone === request.timezone;
  if (isSameTime && checkReuse(known, request) === undefined) return undefined;
  return refuse(
    "idempotency-key-reused",
    "This Idempotency-Key was used for another schedule of this agent; send a new key for a new schedule.",
  ).refusal;
}
