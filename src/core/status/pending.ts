/** Sub-fold: requests that wait. Regions are ignored: a queued request survives a revert. */
import type { Indexed, PendingAgentInvocation } from "../oplog/entry.ts";
import type { PendingInvocation } from "./status.ts";

function accepted(index: number, entry: PendingAgentInvocation): PendingInvocation {
  const { invocation } = entry;
  return {
    index,
    at: entry.at,
    idempotencyKey: entry.idempotencyKey,
    ...(entry.scheduledFor === undefined ? {} : { scheduledFor: entry.scheduledFor }),
    ...(entry.schedule === undefined ? {} : { schedule: entry.schedule }),
    request:
      invocation.type === "method" ? { type: "method", method: invocation.method } : invocation,
  };
}

function without(
  pending: readonly PendingInvocation[],
  gone: (waiting: PendingInvocation) => boolean,
): readonly PendingInvocation[] {
  const position = pending.findIndex(gone);
  if (position < 0) return pending;
  return position === 0 ? pending.slice(1) : pending.toSpliced(position, 1);
}

function ofUpdate(updateId: string): (waiting: PendingInvocation) => boolean {
  return ({ request }) => request.type === "manual-update" && request.updateId === updateId;
}

export function evolvePending(
  pending: readonly PendingInvocation[],
  { index, entry }: Indexed,
): readonly PendingInvocation[] {
  switch (entry.kind) {
    case "PendingAgentInvocation":
      return [...pending, accepted(index, entry)];
    case "AgentInvocationStarted":
    case "CancelPendingInvocation":
      return without(pending, ({ idempotencyKey }) => idempotencyKey === entry.idempotencyKey);
    case "PendingUpdate":
    case "FailedUpdate":
      return without(pending, ofUpdate(entry.updateId));
    default:
      return pending;
  }
}
