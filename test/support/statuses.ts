/** Statuses for tests: folded along a log, or made by hand. */
import type { Indexed } from "../../src/core/oplog/entry.ts";
import { fold, initialStatus } from "../../src/core/status/fold.ts";
import type {
  CurrentInvocation,
  PendingInvocation,
  PendingUpdateState,
  Status,
} from "../../src/core/status/status.ts";

/** The status after each entry of the log. */
export function statusesOf({ entries }: { readonly entries: readonly Indexed[] }): Status[] {
  const read = (from: number, to: number): readonly Indexed[] => entries.slice(from - 1, to);
  const statuses: Status[] = [];
  for (const indexed of entries) {
    const status = fold(statuses.at(-1), [indexed], read);
    if (status !== undefined) statuses.push(status);
  }
  return statuses;
}

/** An idle agent on revision 1, created at 0, that differs in what is given. */
export function aStatus(changed: Partial<Status> = {}): Status {
  const created = initialStatus({
    kind: "Create",
    at: 0,
    component: "shop",
    type: "Cart",
    key: "k",
    revision: 1,
    incarnation: "i",
  });
  return { ...created, lastIndex: 20, ...changed };
}

/** A request for a method call that waits in the queue since `index`. */
export function aRequest(index: number, scheduledFor?: number): PendingInvocation {
  return {
    index,
    at: index,
    idempotencyKey: `call-${index}`,
    request: { type: "method", method: "add" },
    ...(scheduledFor === undefined ? {} : { scheduledFor }),
  };
}

/** A manual update that waits in the queue since `index`. */
export function aQueuedUpdate(index: number, revision = 2): PendingInvocation {
  const updateId = `update-${index}`;
  return {
    index,
    at: index,
    idempotencyKey: `update ${updateId}`,
    request: { type: "manual-update", updateId, revision },
  };
}

/** An update that is pending since `index`. */
export function anUpdate(
  index: number,
  changed: Partial<PendingUpdateState> = {},
): PendingUpdateState {
  return {
    index,
    id: `update-${index}`,
    mode: "automatic",
    revision: 2,
    requestedAt: index,
    wake: true,
    ...changed,
  };
}

/** The updates of a status with these pending and none concluded. */
export function pendingUpdates(...pending: PendingUpdateState[]): Pick<Status, "updates"> {
  return { updates: { pending, successful: [], failed: [] } };
}

/** An invocation in progress. */
export const current: CurrentInvocation = {
  idempotencyKey: "call-9",
  method: "add",
  pendingIndex: 9,
  startedIndex: 10,
  startedAt: 10,
};
