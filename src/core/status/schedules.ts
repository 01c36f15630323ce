/**
 * Sub-fold: recurring schedules. Regions are ignored, as for the requests in which schedules run: a
 * revert takes back neither a schedule nor that it has run.
 */
import type { Indexed, ScheduleCreated } from "../oplog/entry.ts";
import type { PendingInvocation, ScheduleState, Status } from "./status.ts";

function created(index: number, entry: ScheduleCreated): ScheduleState {
  const { at, scheduleId: id, cron, timezone, method, createdBy } = entry;
  return { index, at, id, cron, timezone, method, createdBy };
}

/** The queued run of a schedule, if there is one: never more. */
export function queuedRun(
  pending: readonly PendingInvocation[],
  scheduleId: string,
): PendingInvocation | undefined {
  return pending.find(({ schedule }) => schedule === scheduleId);
}

/** `before` is the status before the entry: which schedule a run is of is known from the queue. */
export function evolveSchedules(
  { schedules, pending }: Pick<Status, "schedules" | "pending">,
  { index, entry }: Indexed,
): readonly ScheduleState[] {
  if (entry.kind === "ScheduleCreated") return [...schedules, created(index, entry)];
  if (schedules.length === 0) return schedules;
  switch (entry.kind) {
    case "ScheduleDeleted":
      return schedules.filter(({ id }) => id !== entry.scheduleId);
    case "AgentInvocationStarted": {
      const run = pending.find((waiting) => waiting.index === entry.pendingIndex);
      const position = schedules.findIndex(({ id }) => id === run?.schedule);
      const schedule = schedules[position];
      return schedule === undefined
        ? schedules
        : schedules.with(position, { ...schedule, lastRunAt: entry.at });
    }
    default:
      return schedules;
  }
}
