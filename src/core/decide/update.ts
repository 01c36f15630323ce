/** Whether a requested update is taken up (semantics.md section 5); all checks are made at once. */
import { showError } from "../api/show.ts";
import type { UpdateCheck, UpdateMode } from "../api/views.ts";
import { refuse, type Refusal } from "../errors.ts";
import type { Status } from "../status/status.ts";

/** What an agent is to be updated to. */
export interface UpdateTarget {
  readonly mode: UpdateMode;
  readonly revision: number;
  readonly check?: UpdateCheck;
}

type Target = Pick<UpdateTarget, "mode" | "revision">;

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
  return mode === "manual" && status.name === "failed" ? nothingToSave(status) : undefined;
}

/** Why a failed agent is not updated by a snapshot. */
export function nothingToSave({ failure }: Status): Refusal {
  return refuse(
    "agent-failed",
    "A failed agent has no sound state to save; update it automatically, or resume it first.",
    failure === undefined ? {} : { lastError: showError(failure.error) },
  ).refusal;
}

/** Why the dry run of a manual update got no state to load. */
export function busyFor({ name }: Status, waitedMs: number): Refusal {
  const seconds = waitedMs / 1000;
  const how = name === "idle" ? "never free for long enough" : name;
  return refuse(
    "agent-busy",
    `The agent was ${how}, and had no moment between two invocations within ${seconds} s; ask again once it is idle, or dry-run an automatic update, which need not wait.`,
  ).refusal;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What is told of an update that failed for another reason than a divergence. */
export function failureDetail(reason: string): string {
  return `${sentence(reason)} The agent goes on as it was; mend the code, upload it, and update to that revision.`;
}

/** What is told of a manual update whose snapshot the code in force cannot save. */
export function unsavedDetail(reason: string, revision: number): string {
  return `The snapshot could not be saved: ${sentence(reason)} The agent goes on as it was; update it automatically, be it to a copy of revision ${revision} whose saveSnapshot is mended.`;
}
