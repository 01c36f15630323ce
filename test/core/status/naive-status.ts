/**
 * The table of semantics.md section 2, word for word: regions first, then each field from scratch
 * over the entries that it does not ignore. Slow, and with nothing in common with the fold.
 */
import type { Create, Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import { isReplayable, RESUMED } from "../../../src/core/oplog/entry.ts";
import {
  INITIALIZATION_KEY,
  type PromiseState,
  type Status,
} from "../../../src/core/status/status.ts";

type Kind = Entry["kind"];
type Of<K extends Kind> = Indexed<Extract<Entry, { kind: K }>>;
type Log = readonly Indexed[];

function all<K extends Kind>(log: Log, ...kinds: readonly K[]): Of<K>[] {
  return log.filter((indexed): indexed is Of<K> =>
    (kinds as readonly Kind[]).includes(indexed.entry.kind),
  );
}

function span([from, to]: readonly [number, number]): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}

function regionsOf(indices: ReadonlySet<number>): [number, number][] {
  const regions: [number, number][] = [];
  for (const index of [...indices].toSorted((left, right) => left - right)) {
    const last = regions.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else regions.push([index, index]);
  }
  return regions;
}

/** Manual updates that succeeded, each with where its snapshot is. */
function handOvers(
  live: Log,
): { readonly at: number; readonly index: number; readonly time: number }[] {
  return all(live, "SuccessfulUpdate").flatMap(({ index, entry }) => {
    const saved = all(live, "PendingUpdate").find(
      (one) => one.entry.updateId === entry.updateId && one.entry.mode === "manual",
    );
    return saved === undefined ? [] : [{ at: saved.index, index, time: entry.at }];
  });
}

const NAMES: Partial<Record<Kind, Status["name"]>> = {
  AgentInvocationStarted: "running",
  Start: "running",
  End: "running",
  Cancelled: "running",
  BeginAtomicRegion: "running",
  EndAtomicRegion: "running",
  SuccessfulUpdate: "running",
  AgentInvocationFinished: "idle",
  Suspend: "suspended",
  Interrupted: "interrupted",
};

/** Regions of the invocation in progress that have begun and not ended; going back takes along what it overlaps. */
function openRegions(open: Log): NonNullable<Status["current"]>["regions"] {
  const ends = all(open, "EndAtomicRegion");
  const endOf = (begin: number): number =>
    ends.find(({ entry }) => entry.begin === begin)?.index ?? Number.POSITIVE_INFINITY;
  const begins = all(open, "BeginAtomicRegion").map(({ index }) => index);
  const fromOf = (begin: number): number => {
    const over = begins.filter((other) => other < begin && endOf(other) > begin);
    const ended = over.filter((other) => endOf(other) !== Number.POSITIVE_INFINITY);
    return Math.min(begin, ...ended.map(fromOf));
  };
  const left = begins.filter((begin) => endOf(begin) === Number.POSITIVE_INFINITY);
  return left.length === 0 ? undefined : left.map((begin) => ({ begin, from: fromOf(begin) }));
}

/** Whether the agent was put to sleep, and nothing that the code did was recorded since. */
function isParked(open: Log): boolean {
  const last = open.findLast(
    ({ entry }) =>
      (entry.kind === "Suspend" && entry.reason !== RESUMED) ||
      entry.kind === "SuccessfulUpdate" ||
      (isReplayable(entry.kind) && entry.kind !== "Jump"),
  );
  return last?.entry.kind === "Suspend";
}

/** Whether it says that a call will be tried again: nothing of the agent's own failure. */
function isOfCall(log: Log, { entry }: Indexed): boolean {
  return entry.kind === "Error" && all(log, "Start").some(({ index }) => index === entry.retryFrom);
}

/** The last failed try of each open call, in the order in which they failed. */
function tries(inside: Log): NonNullable<Status["current"]>["tries"] {
  const ended = new Set(all(inside, "End", "Cancelled").map(({ entry }) => entry.start));
  const failed = all(inside, "Error").filter((one) => isOfCall(inside, one));
  const left = failed.filter(
    ({ index, entry }) =>
      !ended.has(entry.retryFrom) &&
      failed.every((other) => other.entry.retryFrom !== entry.retryFrom || other.index <= index),
  );
  return left.length === 0
    ? undefined
    : left.map(({ entry: { retryFrom: start, attempt, retryAt = 0 } }) => ({
        start,
        attempt,
        retryAt,
      }));
}

/** `open`: not in a skipped region. */
function activity(open: Log): Pick<Status, "name" | "current" | "suspendedUntil"> {
  const started = all(open, "AgentInvocationStarted").at(-1);
  const finished = all(open, "AgentInvocationFinished").at(-1);
  const isInside = started !== undefined && started.index > (finished?.index ?? 0);
  const telling = open.findLast(
    (one) =>
      (one.entry.kind === "Error" && !isOfCall(open, one)) || NAMES[one.entry.kind] !== undefined,
  )?.entry;
  const failed =
    telling?.kind === "Error" ? (telling.retryAt === undefined ? "failed" : "retrying") : undefined;
  const inside = open.filter(({ index }) => index >= (started?.index ?? 0));
  const regions = openRegions(inside);
  const heard = all(inside, "Cancelled").find(({ entry }) => entry.start === started?.index);
  const tried = tries(inside);
  const isResumed = telling?.kind === "Suspend" && telling.reason === RESUMED;
  const said = isResumed ? "running" : (failed ?? (telling && NAMES[telling.kind]) ?? "idle");
  return {
    name: said === "running" && !isInside ? "idle" : said,
    ...(telling?.kind === "Suspend" && !isResumed && { suspendedUntil: telling.until }),
    ...(isInside && {
      current: {
        idempotencyKey: started.entry.idempotencyKey,
        method: started.entry.method,
        pendingIndex: started.entry.pendingIndex,
        startedIndex: started.index,
        startedAt: started.entry.at,
        ...(regions !== undefined && { regions }),
        ...(tried !== undefined && { tries: tried }),
        ...(isParked(inside) && { parked: true }),
        ...(heard !== undefined && { cancelledAt: heard.entry.at }),
      },
    }),
  };
}

function pending(log: Log): Status["pending"] {
  const isGone = ({ index, entry }: Of<"PendingAgentInvocation">): boolean =>
    log.slice(index).some(({ entry: later }) => {
      if (later.kind === "AgentInvocationStarted" || later.kind === "CancelPendingInvocation") {
        return later.idempotencyKey === entry.idempotencyKey;
      }
      const { invocation } = entry;
      return (
        (later.kind === "PendingUpdate" || later.kind === "FailedUpdate") &&
        invocation.type === "manual-update" &&
        later.updateId === invocation.updateId
      );
    });
  return all(log, "PendingAgentInvocation").flatMap((waiting) => {
    const { at, idempotencyKey, scheduledFor, schedule, invocation } = waiting.entry;
    const request =
      invocation.type === "method"
        ? { type: invocation.type, method: invocation.method }
        : invocation;
    const run = schedule === undefined ? {} : { schedule };
    const shown = { index: waiting.index, at, idempotencyKey, request, ...run };
    if (isGone(waiting)) return [];
    return [scheduledFor === undefined ? shown : { ...shown, scheduledFor }];
  });
}

/** `live`: not deleted. A manual update that was never saved is known by its request only. */
function updates(log: Log, live: Log): Status["updates"] {
  const saved = all(live, "PendingUpdate");
  const ends = all(live, "SuccessfulUpdate", "FailedUpdate");
  const concluded = (kind: "SuccessfulUpdate" | "FailedUpdate"): Status["updates"]["failed"] =>
    ends.flatMap(({ entry }) => {
      if (entry.kind !== kind) return [];
      const known = saved.find((one) => one.entry.updateId === entry.updateId)?.entry;
      const asked = all(log, "PendingAgentInvocation").find(
        (one) =>
          one.entry.invocation.type === "manual-update" &&
          one.entry.invocation.updateId === entry.updateId,
      )?.entry;
      const mode = known?.mode ?? ("manual" as const);
      const requestedAt = known?.requestedAt ?? asked?.at ?? 0;
      const { updateId: id, revision, at: concludedAt } = entry;
      const { detail, report } = entry.kind === "FailedUpdate" ? entry : {};
      const reasons = { ...(detail && { detail }), ...(report && { report }) };
      return [{ id, mode, revision, requestedAt, concludedAt, ...reasons }];
    });
  const waiting = saved.filter(({ entry }) =>
    ends.every((end) => end.entry.updateId !== entry.updateId),
  );
  const interrupted = all(live, "Interrupted").at(-1)?.index ?? 0;
  return {
    pending: waiting.map(({ index, entry }) => {
      const { updateId: id, mode, revision, requestedAt, check } = entry;
      const wake = entry.wake && index > interrupted;
      const open = { index, id, mode, revision, requestedAt, wake };
      return check === undefined ? open : Object.assign(open, { check });
    }),
    successful: concluded("SuccessfulUpdate"),
    failed: concluded("FailedUpdate"),
  };
}

function leniency(live: Log): Pick<Status, "lenientTo"> {
  const lenient = all(live, "PendingUpdate").filter(({ entry }) => entry.check === "calls");
  const ids = new Set(lenient.map(({ entry }) => entry.updateId));
  const last = all(live, "SuccessfulUpdate").findLast(({ entry }) => ids.has(entry.updateId));
  return last === undefined ? {} : { lenientTo: last.index };
}

function snapshots(live: Log, created: Create): Status["snapshots"] {
  const manual = handOvers(live).at(-1);
  const automatic = all(live, "Snapshot").findLast(({ index }) => index > (manual?.index ?? 0));
  const since = automatic?.index ?? manual?.index ?? 0;
  return {
    lastManualUpdate: manual?.at ?? null,
    lastAutomatic: automatic?.index ?? null,
    finishedSince: all(live, "AgentInvocationFinished").filter(
      ({ index, entry }) => index > since && entry.idempotencyKey !== INITIALIZATION_KEY,
    ).length,
    lastAt: automatic?.entry.at ?? manual?.time ?? created.at,
  };
}

function failure(live: Log): Pick<Status, "failure"> {
  const telling = all(
    live,
    "Error",
    "AgentInvocationStarted",
    "AgentInvocationFinished",
    "SuccessfulUpdate",
  ).findLast((one) => !isOfCall(live, one));
  if (telling?.entry.kind !== "Error") return {};
  const isResumed = all(live, "Suspend").some(
    ({ index, entry }) => index > telling.index && entry.reason === RESUMED,
  );
  if (isResumed && telling.entry.retryAt === undefined) return {};
  const { error, retryFrom, attempt, retryAt, afresh } = telling.entry;
  if (afresh && all(live, "Jump").some(({ index }) => index > telling.index)) return {};
  return {
    failure: {
      error,
      retryFrom,
      attempt,
      ...(retryAt !== undefined && { retryAt }),
      ...(afresh && { afresh }),
    },
  };
}

/** `open`: not in a skipped region. */
function promises(open: Log): Status["promises"] {
  return all(open, "Start")
    .filter(({ entry }) => entry.call === "promise.create")
    .map(({ index: start }) => {
      const end = all(open, "End").find(({ entry }) => entry.start === start)?.entry;
      if (end?.response === undefined) return { start };
      const id = JSON.parse(end.response) as string;
      const completed = all(open, "PromiseCompleted").find(({ entry }) => entry.promiseId === id);
      const isAwaited = all(open, "Start").some(
        ({ entry }) => entry.call === "promise.await" && entry.request === JSON.stringify({ id }),
      );
      const state: { -readonly [K in keyof PromiseState]: PromiseState[K] } = { start, id };
      if (isAwaited) state.isAwaited = true;
      if (completed !== undefined) state.completed = completed.index;
      return state;
    });
}

/** All that were created and not deleted, whatever was reverted. The key of a run may be used again. */
function schedules(log: Log): Status["schedules"] {
  const deleted = new Set(all(log, "ScheduleDeleted").map(({ entry }) => entry.scheduleId));
  return all(log, "ScheduleCreated").flatMap(({ index, entry }) => {
    const { at, scheduleId: id, cron, timezone, method, createdBy } = entry;
    const runs = all(log, "PendingAgentInvocation").filter((run) => run.entry.schedule === id);
    const last = all(log, "AgentInvocationStarted").findLast((started) =>
      runs.some((run) => run.index === started.entry.pendingIndex),
    );
    const ran = last === undefined ? {} : { lastRunAt: last.entry.at };
    const state = { index, at, id, cron, timezone, method, createdBy, ...ran };
    return deleted.has(id) ? [] : [state];
  });
}

/** The status after all of `log`, which begins with `Create`. */
export function naiveStatus(log: Log): Status {
  const created = all(log, "Create")[0]?.entry;
  if (created === undefined) throw new Error("a log begins with Create");
  const deleted = new Set(all(log, "Revert").flatMap(({ entry }) => span(entry.region)));
  const live = log.filter(({ index }) => !deleted.has(index));
  const skipped = new Set([
    ...deleted,
    ...all(live, "Jump").flatMap(({ entry }) => span(entry.region)),
    ...handOvers(live).flatMap(({ at }) => span([2, at])),
  ]);
  const open = log.filter(({ index }) => !skipped.has(index));
  const { component, type, key, incarnation, at, revision, params, env } = created;
  return {
    lastIndex: log.length,
    identity: {
      component,
      type,
      key,
      incarnation,
      createdAt: at,
      createdRevision: revision,
      ...(params !== undefined && { params }),
      ...(env !== undefined && { env }),
    },
    ...activity(open),
    pending: pending(log),
    revision: all(live, "SuccessfulUpdate").at(-1)?.entry.revision ?? revision,
    ...leniency(live),
    updates: updates(log, live),
    snapshots: snapshots(live, created),
    ...failure(live),
    promises: promises(open),
    schedules: schedules(log),
    deleted: regionsOf(deleted),
    skipped: regionsOf(skipped),
  };
}
