/** Whether a requested update is taken up (semantics.md section 5); all checks are made at once. */
import type { UpdateMode } from "../api/views.ts";
import { refuse, type Refusal } from "../errors.ts";
import type { Status } from "../status/status.ts";

interface Target {
  readonly mode: UpdateMode;
  readonly revision: number;
}

/** Updates that are queued (manual, not saved yet) or pending. */
export function openUpdates(status: Status): readonly Target[] {
  const queued = status.pending.flatMap(({ request }) =>
    request.type === "manual-update"
      ? [{ mode: "manual" as const, revision: request.revision }]
      : [],
  );
  return [...queued, ...status.updates.pending];
}

/** The target revision is known to exist and to have the agent's type. */
export function checkUpdate(status: Status, { mode, revision }: Target): Refusal | undefined {
  const open = openUpdates(status);
  if (open.some((update) => update.mode === mode && update.revision === revision)) {
    return refuse(
      "update-already-pending",
      `A ${mode} update to revision ${revision} is already waiting; see GET …/updates for its conclusion.`,
    ).refusal;
  }
  if (status.revision === revision && open.length === 0) {
    return refuse(
      "already-at-revision",
      `The agent already runs revision ${revision}; upload new code or name another revision.`,
    ).refusal;
  }
  if (mode === "manual" && status.name === "failed") {
    return refuse(
      "agent-failed",
      "A failed agent has no sound state to save; update it automatically, or resume it first.",
      status.failure === undefined ? {} : { lastError: status.failure.error },
    ).refusal;
  }
  return undefined;
}
