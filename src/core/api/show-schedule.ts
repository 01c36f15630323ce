/** The schedule resource of the HTTP API, computed from status and entries. */
import type { Payload } from "../oplog/payload.ts";
import { queuedRun } from "../status/schedules.ts";
import type { PendingInvocation, ScheduleState } from "../status/status.ts";
import { showPayload, time, type OpenRich } from "./show.ts";
import type { ScheduleView } from "./views.ts";

export function showSchedule(
  { id, cron, timezone, method, at, lastRunAt }: ScheduleState,
  args: Payload,
  pending: readonly PendingInvocation[],
  openRich: OpenRich,
): ScheduleView {
  const next = queuedRun(pending, id)?.scheduledFor;
  return {
    id,
    cron,
    timezone,
    method,
    args: showPayload(args, openRich),
    createdAt: time(at),
    ...(next === undefined ? {} : { nextRunAt: time(next) }),
    ...(lastRunAt === undefined ? {} : { lastRunAt: time(lastRunAt) }),
  };
}
