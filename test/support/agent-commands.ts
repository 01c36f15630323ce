/** What a model of an agent can do; a command that is not legal in the moment does nothing. */
import type { DivergenceView } from "../../src/core/api/views.ts";
import { RESUMED } from "../../src/core/oplog/entry.ts";
import type { AgentModel, OpenUpdate } from "./agent-model.ts";
import { cancel, failure, hints, pick, unschedule, type Command } from "./hints.ts";

const report: DivergenceView = {
  index: 4,
  kind: "Start",
  method: "add",
  idempotencyKey: "k",
  expected: "a call of fetch",
  actual: "the result 1",
  message: "it has another result",
  presentRevision: 1,
  replayedRevision: 2,
  advice: "mend it",
};

function conclude(model: AgentModel, update: OpenUpdate, succeeds: boolean): void {
  const { id: updateId, revision, mode } = update;
  const updates = model.moment.updates.filter(({ id }) => id !== updateId);
  if (!succeeds) {
    const reasons = { detail: "diverged", ...(mode === "automatic" ? { report } : {}) };
    model.append({ kind: "FailedUpdate", updateId, revision, ...reasons }, { updates });
    return;
  }
  const name = model.moment.current === undefined ? "idle" : "running";
  const base = mode === "manual" ? { automatic: null, finishedSince: 0 } : {};
  const change = { updates, revision, name, ...base } as const;
  model.append({ kind: "SuccessfulUpdate", updateId, revision }, change);
}

/** Whether the code of an invocation is at work, or would be after a recovery. */
function isInside(model: AgentModel): boolean {
  return model.moment.current !== undefined;
}

/** An attempt failed, or now and then a recovery; never while a saved snapshot waits to be loaded. */
function canFail(model: AgentModel, choice: number): boolean {
  const isRecovery = !isInside(model) && choice % 8 === 0;
  return isInside(model) || (isRecovery && model.moment.updates[0]?.mode !== "manual");
}

const enterNext: Command = (model, a) => {
  const { due } = model;
  if (!model.isFree || due === undefined || due.invocation.type === "manual-update") return;
  const { key: idempotencyKey, index: pendingIndex, invocation } = due;
  const method = invocation.type === "method" ? invocation.method : "onCreate";
  model.leave(({ key }) => key === idempotencyKey);
  const current = { key: idempotencyKey, startedIndex: model.last + 1 };
  model.append(
    { kind: "AgentInvocationStarted", idempotencyKey, pendingIndex, method, seed: `seed-${a}` },
    { name: "running", current },
  );
  model.attempt(idempotencyKey);
  model.follow(due);
};

/** Goes into an invocation, if the agent is not in one. */
const enter: Command = (model, a, b) => {
  if (isInside(model) || !model.isFree) return;
  if (model.due === undefined) hints.request(model, a, b);
  enterNext(model, a, b);
};

const calls = {
  call: (model, a, b) => {
    enter(model, a, b);
    if (!isInside(model)) return;
    const parent = a % 3 === 0 ? model.moment.calls.at(-1) : undefined;
    model.append(
      {
        kind: "Start",
        call: a % 2 === 0 ? "fetch" : "sleep",
        durability: a % 2 === 0 ? "write-remote" : "read-local",
        request: `${a % 5}`,
        ...(parent === undefined ? {} : { parent }),
      },
      { name: "running", calls: [...model.moment.calls, model.last + 1] },
    );
  },
  inline: (model, a, b) => {
    enter(model, a, b);
    if (!isInside(model)) return;
    const call = { call: "crypto.random", durability: "read-local", request: `${a % 3}` } as const;
    const { calls: open } = model.moment;
    const during = { name: "running", calls: [...open, model.last + 1] } as const;
    const start = model.append({ kind: "Start", ...call }, during);
    model.append({ kind: "End", start, response: `${a}`, inline: true }, { calls: open });
  },
  promise: (model, a, b) => {
    enter(model, a, b);
    if (!isInside(model)) return;
    const call = { call: "promise.create", durability: "write-local" } as const;
    const { calls: open } = model.moment;
    const during = { name: "running", calls: [...open, model.last + 1] } as const;
    const start = model.append({ kind: "Start", ...call }, during);
    const id = model.fresh("promise-");
    const after = { promises: [...model.moment.promises, id], calls: open };
    model.append({ kind: "End", start, response: JSON.stringify(id), inline: true }, after);
  },
  wait: (model, _a, b) => {
    const id = pick(model.moment.promises, b);
    if (!isInside(model) || id === undefined) return;
    const call = { call: "promise.await", durability: "read-remote" } as const;
    const request = JSON.stringify({ id });
    const open = [...model.moment.calls, model.last + 1];
    model.append({ kind: "Start", ...call, request }, { name: "running", calls: open });
  },
  end: (model, a, b) => {
    const start = pick(model.moment.calls, a);
    if (start === undefined) return;
    const outcome = b % 4 === 0 ? { error: failure } : { response: `${b}` };
    const left = model.moment.calls.filter((open) => open !== start);
    model.append({ kind: "End", start, ...outcome }, { name: "running", calls: left });
  },
  abandon: (model, a) => {
    const start = pick(model.moment.calls, a);
    if (start === undefined) return;
    const left = model.moment.calls.filter((open) => open !== start);
    model.append({ kind: "Cancelled", start }, { name: "running", calls: left });
  },
  /** The code hears, once, that its invocation is cancelled. */
  hear: (model) => {
    const start = model.moment.current?.startedIndex;
    if (start === undefined || model.moment.isCancelled === true) return;
    model.append({ kind: "Cancelled", start }, { name: "running", isCancelled: true });
  },
  tryAgain: (model, a, b) => {
    const retryFrom = pick(model.moment.calls, a);
    if (retryFrom === undefined) return;
    const retry = { retryFrom, attempt: (b % 3) + 1, retryAt: model.now + (b % 100) };
    model.append({ kind: "Error", error: failure, ...retry });
  },
  begin: (model, a, b) => {
    enter(model, a, b);
    if (!isInside(model)) return;
    const regions = [...model.moment.regions, model.last + 1];
    model.append({ kind: "BeginAtomicRegion" }, { name: "running", regions });
  },
  commit: (model) => {
    const begin = model.moment.regions.at(-1);
    if (begin === undefined || model.moment.calls.some((start) => start > begin)) return;
    const regions = model.moment.regions.slice(0, -1);
    model.append({ kind: "EndAtomicRegion", begin }, { name: "running", regions });
  },
} satisfies Record<string, Command>;

const invocations = {
  start: enterNext,
  finish: (model, a) => {
    const { current, calls: open, regions, revision, finishedSince } = model.moment;
    if (current === undefined) return;
    const isCancelled = model.moment.isCancelled === true || a % 16 === 5;
    if (regions.length > 0 && !isCancelled) return;
    for (const [at, start] of open.entries()) {
      const left = open.slice(at + 1);
      model.append({ kind: "Cancelled", start }, { name: "running", calls: left });
    }
    const isFirst = model.moment.leastCut === 0;
    model.append(
      {
        kind: "AgentInvocationFinished",
        idempotencyKey: current.key,
        outcome:
          a % 3 === 0 && !isFirst ? { ok: false, error: failure } : { ok: true, result: "1" },
        revision,
        ...(isCancelled && !isFirst ? { cancelled: true } : {}),
      },
      {
        name: "idle",
        current: undefined,
        isCancelled: false,
        calls: [],
        regions: [],
        finishedSince: finishedSince + (isFirst ? 0 : 1),
        leastCut: isFirst ? model.last + 1 : model.moment.leastCut,
      },
    );
  },
  suspend: (model, a) => {
    if (model.moment.calls.length === 0) return;
    const until = model.now + 10_000 + a;
    const when = a % 4 === 0 ? {} : { until };
    model.append({ kind: "Suspend", reason: "wait", ...when }, { name: "suspended" });
  },
  interrupt: (model) => {
    if (isInside(model)) model.append({ kind: "Interrupted" }, { name: "interrupted" });
  },
  resume: (model) => {
    const { name } = model.moment;
    if (name === "idle" || name === "running") return;
    model.append(
      { kind: "Suspend", reason: RESUMED, until: model.now },
      { name: isInside(model) ? "running" : "idle" },
    );
  },
  retry: (model, a) => {
    if (!canFail(model, a)) return;
    const retryFrom = model.moment.current?.startedIndex ?? model.last;
    const retryAt = model.now + (a % 100);
    const attempt = (a % 3) + 1;
    const afresh = isInside(model) && a % 2 === 0 ? ({ afresh: true } as const) : {};
    model.append(
      { kind: "Error", error: failure, retryFrom, attempt, retryAt, ...afresh },
      { name: "retrying" },
    );
  },
  fail: (model, a) => {
    if (!canFail(model, a)) return;
    const retryFrom = model.moment.current?.startedIndex ?? model.last;
    model.append(
      { kind: "Error", error: failure, retryFrom, attempt: (a % 3) + 1 },
      { name: "failed" },
    );
  },
  jump: (model, a) => {
    const { current, regions } = model.moment;
    if (current === undefined) return;
    const begin = a % 2 === 0 ? regions[0] : undefined;
    model.jump((begin ?? current.startedIndex) + 1);
  },
} satisfies Record<string, Command>;

const updates = {
  save: (model, a) => {
    const { due } = model;
    if (!model.isFree || due?.invocation.type !== "manual-update") return;
    const { updateId, revision } = due.invocation;
    model.leave(({ key }) => key === due.key);
    if (a % 5 === 0) {
      model.append({ kind: "FailedUpdate", updateId, revision, detail: "it does not save" });
      return;
    }
    const open = { id: updateId, index: model.last + 1, mode: "manual", revision } as const;
    model.append(
      {
        kind: "PendingUpdate",
        updateId,
        mode: "manual",
        revision,
        requestedAt: due.at,
        wake: true,
        snapshot: { mime: "application/json", bytes: 2 },
        savedBy: model.moment.revision,
      },
      { updates: [open] },
    );
  },
  conclude: (model, a) => {
    const [front] = model.moment.updates;
    if (front !== undefined) conclude(model, front, a % 4 !== 0);
  },
  /** The first entries of a fork: nothing that waited in the source happens in the copy. */
  fork: (model, a) => {
    for (const { id } of model.schedules) unschedule(model, id);
    for (const { key, invocation } of model.queue) {
      if (invocation.type === "manual-update") {
        const { updateId, revision } = invocation;
        model.append({ kind: "FailedUpdate", updateId, revision, detail: "forked" });
      } else if (invocation.type === "method") {
        cancel(model, key);
      }
    }
    model.leave(({ invocation }) => invocation.type !== "initialization");
    for (let open = model.moment.updates; open.length > 0; open = model.moment.updates) {
      const update = pick(open, a);
      if (update !== undefined) conclude(model, update, false);
    }
  },
  snapshot: (model) => {
    if (!model.isFree || model.moment.finishedSince === 0) return;
    const { revision } = model.moment;
    model.append(
      { kind: "Snapshot", mime: "application/json", revision, bytes: 2 },
      { automatic: model.last + 1, finishedSince: 0 },
    );
  },
  revert: (model, a) => {
    const cut = pick(model.cuts, a);
    if (cut !== undefined) model.revert(cut);
  },
} satisfies Record<string, Command>;

/** What the loop would do next, as far as it goes well. */
const turn: Command = (model, a, b) => {
  if (model.moment.updates.length > 0) updates.conclude(model, a);
  else if (model.due?.invocation.type === "manual-update") updates.save(model, a);
  else {
    enter(model, a, b);
    invocations.finish(model, b);
  }
};

/** A manual update, with all that waits before it. */
const handOver: Command = (model, a, b) => {
  hints.manual(model, a);
  for (let turns = 0; turns < 6 && model.queue.length > 0; turns++) turn(model, b, b);
  updates.conclude(model, b);
};

/** All commands by name. */
export const commands = { ...hints, ...calls, ...invocations, ...updates, turn, handOver };
/** The name of a command. */
export type CommandName = keyof typeof commands;
