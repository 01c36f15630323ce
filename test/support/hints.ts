/** What may be written at any time beside what the code does: requests, conclusions from outside, log lines. */
import type { AgentModel, OpenUpdate } from "./agent-model.ts";

/** What a command chooses by: two numbers that each command reads as it likes. */
export type Command = (model: AgentModel, a: number, b: number) => void;

/** One of `from`. */
export function pick<T>(from: readonly T[], choice: number): T | undefined {
  return from[choice % from.length];
}

/** An error of the code. */
export const failure = { name: "Error", message: "no" };

function isOpen(model: AgentModel, mode: OpenUpdate["mode"], revision: number): boolean {
  const queued = model.queue.some(
    ({ invocation }) =>
      mode === "manual" && invocation.type === "manual-update" && invocation.revision === revision,
  );
  return (
    queued || model.moment.updates.some((open) => open.mode === mode && open.revision === revision)
  );
}

function isRefused(model: AgentModel, mode: OpenUpdate["mode"], revision: number): boolean {
  const { updates, revision: present, name } = model.moment;
  const nothingOpen =
    updates.length === 0 &&
    model.queue.every(({ invocation }) => invocation.type !== "manual-update");
  if (mode === "manual" && name === "failed") return true;
  return isOpen(model, mode, revision) || (revision === present && nothingOpen);
}

/** Takes a request out of the queue for good. */
export function cancel(model: AgentModel, idempotencyKey: string): void {
  const gone = model.queue.find(({ key }) => key === idempotencyKey);
  model.leave(({ key }) => key === idempotencyKey);
  model.forget(idempotencyKey);
  model.append({ kind: "CancelPendingInvocation", idempotencyKey });
  if (gone !== undefined) model.follow(gone);
}

/** Ends a schedule together with its queued run. */
export function unschedule(model: AgentModel, scheduleId: string): void {
  model.schedules = model.schedules.filter(({ id }) => id !== scheduleId);
  model.append({ kind: "ScheduleDeleted", scheduleId });
  const run = model.queue.find(({ schedule }) => schedule?.id === scheduleId);
  if (run !== undefined) cancel(model, run.key);
}

/** Commands that write hints. */
export const hints = {
  log: (model, a) => model.append({ kind: "Log", level: "info", message: `line ${a}` }),
  request: (model, a, b) => {
    if (model.moment.name === "failed") return;
    const waiting = new Set(model.queue.map(({ key }) => key));
    const undone = model.undoneKeys.filter((key) => !waiting.has(key));
    const again = a % 4 === 0 ? pick(undone, b) : undefined;
    const invocation = { type: "method", method: "add", args: `[${a}]` } as const;
    model.request(invocation, { key: again ?? model.fresh("call-") });
  },
  schedule: (model, a, b) => {
    if (model.moment.name === "failed") return;
    const invocation = { type: "method", method: "add", args: `[${a}]` } as const;
    const scheduledFor = model.now + (b % 300);
    model.request(invocation, { key: model.fresh("later-"), scheduledFor });
  },
  recur: (model, a, b) => {
    if (model.moment.name === "failed") return;
    const schedule = { id: model.fresh("schedule-"), period: (a % 50) + 1 };
    const [scheduleId, createdBy] = [schedule.id, `request ${b}`];
    const timing = { cron: `every ${schedule.period} ms`, timezone: "UTC" };
    const call = { method: "add", args: "[1]" };
    model.append({ kind: "ScheduleCreated", scheduleId, ...timing, ...call, createdBy });
    model.schedules = [...model.schedules, schedule];
    model.recur(schedule, model.now);
  },
  unschedule: (model, a) => {
    const gone = pick(model.schedules, a);
    if (gone !== undefined) unschedule(model, gone.id);
  },
  cancel: (model, a) => {
    const methods = model.queue.filter(({ invocation }) => invocation.type === "method");
    const gone = pick(methods, a);
    if (gone === undefined) return;
    cancel(model, gone.key);
  },
  automatic: (model, a, b) => {
    const revision = (a % 4) + 1;
    if (isRefused(model, "automatic", revision)) return;
    const updateId = model.fresh("update-");
    const { updates } = model.moment;
    const open = { id: updateId, index: model.last + 1, mode: "automatic", revision } as const;
    const [mode, requestedAt, wake] = ["automatic" as const, model.now, b % 3 !== 0];
    const check = a % 2 === 0 ? ({ check: "calls" } as const) : {};
    model.append(
      { kind: "PendingUpdate", updateId, mode, revision, requestedAt, wake, ...check },
      { updates: [...updates, open] },
    );
  },
  manual: (model, a) => {
    const revision = (a % 4) + 1;
    if (isRefused(model, "manual", revision)) return;
    const updateId = model.fresh("update-");
    const invocation = { type: "manual-update", updateId, revision } as const;
    model.request(invocation, { key: `update ${updateId}` });
  },
  complete: (model, a) => {
    const promiseId = pick(model.moment.promises, a);
    if (promiseId === undefined) return;
    model.append({
      kind: "PromiseCompleted",
      promiseId,
      outcome: a % 2 === 0 ? { ok: true, result: "1" } : { ok: false, error: failure },
    });
  },
  distrust: (model) => {
    const { automatic } = model.moment;
    if (automatic === null) return;
    model.append({
      kind: "SnapshotRecoveryFailed",
      snapshotIndex: automatic,
      detail: "it does not load",
    });
  },
} satisfies Record<string, Command>;
