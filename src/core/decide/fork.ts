/** What a fork copies, and what ends in the copy (semantics.md section 8). */
import { accept, type Result } from "../errors.ts";
import type { Entry } from "../oplog/entry.ts";
import type { ReadLog } from "../status/fold.ts";
import type { PendingInvocation, Status } from "../status/status.ts";
import { checkCut } from "./cuts.ts";
import { resumption } from "./lifecycle.ts";
import { endOfSchedule } from "./schedules.ts";

/**
 * The last entry that is copied. All there is can always be: a call or an atomic region that is open
 * at the end of a record goes on by the rules of recovery.
 */
export function decideFork(
  read: ReadLog,
  log: Pick<Status, "lastIndex" | "deleted">,
  atIndex: number | undefined,
): Result<number> {
  if (atIndex === undefined) return accept(log.lastIndex);
  const refusal = checkCut(read, log, atIndex, log.lastIndex);
  return refusal === undefined ? accept(atIndex) : { ok: false, refusal };
}

function withdrawal({ idempotencyKey, request }: PendingInvocation, at: number): Entry {
  if (request.type !== "manual-update") {
    return { kind: "CancelPendingInvocation", at, idempotencyKey };
  }
  const { updateId, revision } = request;
  return { kind: "FailedUpdate", at, updateId, revision, detail: "forked" };
}

/**
 * What a copy begins with: nothing that waited in the source happens in it, but what it was doing
 * goes on, also when the source was stopped or had failed, and so does its initialization.
 */
export function severance(status: Status, at: number): readonly Entry[] {
  const { name, pending, schedules, updates } = status;
  const scheduled = new Set(schedules.map(({ id }) => id));
  const isStopped = name === "interrupted" || name === "failed";
  return [
    ...schedules.flatMap((schedule) => endOfSchedule(status, schedule, at)),
    ...pending
      .filter(({ request }) => request.type !== "initialization")
      .filter(({ schedule }) => schedule === undefined || !scheduled.has(schedule))
      .map((request) => withdrawal(request, at)),
    ...updates.pending.map(({ id: updateId, revision }): Entry => {
      return { kind: "FailedUpdate", at, updateId, revision, detail: "forked" };
    }),
    ...(isStopped ? [resumption(at)] : []),
  ];
}
