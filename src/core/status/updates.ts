/** Sub-fold: updates, concluded by their id and never by their place in the queue. */
import type { FailedUpdate, Indexed, SuccessfulUpdate } from "../oplog/entry.ts";
import type { ConcludedUpdate, PendingInvocation, Status, Updates } from "./status.ts";

type Request = Pick<ConcludedUpdate, "id" | "mode" | "revision" | "requestedAt">;

function queuedRequest(pending: readonly PendingInvocation[], id: string): Request | undefined {
  for (const { at, request } of pending) {
    if (request.type === "manual-update" && request.updateId === id) {
      return { id, mode: "manual", revision: request.revision, requestedAt: at };
    }
  }
  return undefined;
}

function conclude(
  before: Pick<Status, "updates" | "pending">,
  entry: SuccessfulUpdate | FailedUpdate,
): ConcludedUpdate | undefined {
  const request =
    before.updates.pending.find(({ id }) => id === entry.updateId) ??
    queuedRequest(before.pending, entry.updateId);
  if (request === undefined) return undefined;
  const { id, mode, revision, requestedAt } = request;
  const { detail, report } = entry.kind === "FailedUpdate" ? entry : {};
  return {
    id,
    mode,
    revision,
    requestedAt,
    concludedAt: entry.at,
    ...(detail === undefined ? {} : { detail }),
    ...(report === undefined ? {} : { report }),
  };
}

/** Up to where results are not compared any more, after the entry. */
export function evolveLeniency(
  { lenientTo, updates }: Pick<Status, "lenientTo" | "updates">,
  { index, entry }: Indexed,
): number | undefined {
  if (entry.kind !== "SuccessfulUpdate") return lenientTo;
  const update = updates.pending.find(({ id }) => id === entry.updateId);
  return update?.check === "calls" ? index : lenientTo;
}

/** `before` is the status before the entry: a manual update that failed to save is known from its queue only. */
export function evolveUpdates(
  before: Pick<Status, "updates" | "pending">,
  { index, entry }: Indexed,
): Updates {
  const { updates } = before;
  switch (entry.kind) {
    case "PendingUpdate": {
      const { updateId: id, mode, revision, requestedAt, wake, check } = entry;
      const shared = { index, id, mode, revision, requestedAt, wake };
      const update = check === undefined ? shared : { ...shared, check };
      return { ...updates, pending: [...updates.pending, update] };
    }
    case "SuccessfulUpdate":
    case "FailedUpdate": {
      const concluded = conclude(before, entry);
      if (concluded === undefined) return updates;
      const pending = updates.pending.filter(({ id }) => id !== entry.updateId);
      return entry.kind === "SuccessfulUpdate"
        ? { ...updates, pending, successful: [...updates.successful, concluded] }
        : { ...updates, pending, failed: [...updates.failed, concluded] };
    }
    case "Interrupted": {
      // The last word counts: what was requested before does not wake the agent.
      const pending = updates.pending.map((update) => ({ ...update, wake: false }));
      return { ...updates, pending };
    }
    default:
      return updates;
  }
}
