/**
 * Whether a history is one that an agent could have written (semantics.md section 1): every entry
 * fits what stands before it. A history that is not must never become an agent.
 */
import { fold } from "../status/fold.ts";
import type { Status } from "../status/status.ts";
import type { Entry, Indexed } from "./entry.ts";

function isRegion([from, to]: readonly [number, number], least: number, end: number): boolean {
  return Number.isInteger(from) && from >= least && from <= to && to === end;
}

export class Legality {
  readonly #read: (from: number, to: number) => Iterable<Indexed>;
  #status: Status | undefined;
  /** Calls and atomic regions of the invocation in progress that have not ended. */
  readonly #open = new Set<number>();
  /** What has ended inside an open atomic region, and where: going back over it opens it again. */
  readonly #ended = new Map<number, number>();
  readonly #regions = new Set<number>();

  /** `read` answers entries that were passed to `fault` before, and the one that is. */
  constructor(read: (from: number, to: number) => Iterable<Indexed>) {
    this.#read = read;
  }

  /** What is wrong with the next entry, or nothing. */
  fault(indexed: Indexed): string | undefined {
    const { index, entry } = indexed;
    const status = this.#status;
    if (index !== (status?.lastIndex ?? 0) + 1) return "does not follow the one before it";
    if (!Number.isFinite(entry.at)) return "has no time";
    if ((entry.kind === "Create") !== (status === undefined)) {
      return "is out of place: Create is the first, and nothing else is";
    }
    const fault = status === undefined ? undefined : this.#misfit(status, indexed);
    if (fault !== undefined) return fault;
    this.#note(indexed);
    this.#status = fold(status, [indexed], this.#read);
    return undefined;
  }

  #misfit(status: Status, { index, entry }: Indexed): string | undefined {
    switch (entry.kind) {
      case "Jump": {
        const least = (status.current?.startedIndex ?? index) + 1;
        return isRegion(entry.region, least, index) ? undefined : "goes back over too much";
      }
      case "Revert":
        return isRegion(entry.region, 2, index - 1) ? undefined : "deletes what is not there";
      case "Start":
      case "End":
      case "Cancelled":
      case "BeginAtomicRegion":
      case "EndAtomicRegion":
      case "AgentInvocationFinished":
        return this.#misfitInRun(status, entry);
      default:
        return misfitOfRequest(status, entry);
    }
  }

  #misfitInRun({ current }: Status, entry: Entry): string | undefined {
    if (current === undefined) return "stands outside of any invocation";
    switch (entry.kind) {
      case "End":
        return this.#open.has(entry.start) ? undefined : "ends a call that is not open";
      case "Cancelled": {
        const isKnown = this.#open.has(entry.start) || entry.start === current.startedIndex;
        return isKnown ? undefined : "cancels what is not open";
      }
      case "EndAtomicRegion":
        return this.#regions.has(entry.begin) ? undefined : "ends a region that is not open";
      case "AgentInvocationFinished":
        return entry.idempotencyKey === current.idempotencyKey
          ? undefined
          : "finishes another invocation than the one in progress";
      default:
        return undefined;
    }
  }

  #end(start: number, index: number): void {
    this.#open.delete(start);
    this.#regions.delete(start);
    this.#ended.set(start, index);
    if (this.#regions.size === 0) this.#ended.clear();
  }

  #forget(): void {
    this.#open.clear();
    this.#regions.clear();
    this.#ended.clear();
  }

  #goBack(from: number): void {
    for (const start of this.#open) if (start >= from) this.#open.delete(start);
    for (const begin of this.#regions) if (begin >= from) this.#regions.delete(begin);
    for (const [start, end] of this.#ended) {
      if (start < from && end >= from) this.#open.add(start);
      if (end >= from) this.#ended.delete(start);
    }
  }

  #note({ index, entry }: Indexed): void {
    switch (entry.kind) {
      case "BeginAtomicRegion":
        this.#regions.add(index);
        break;
      case "Start":
        this.#open.add(index);
        break;
      case "End":
      case "Cancelled":
        this.#end(entry.start, index);
        break;
      case "EndAtomicRegion":
        this.#end(entry.begin, index);
        break;
      case "Jump":
        this.#goBack(entry.region[0]);
        break;
      // A history is never cut inside a call.
      case "Revert":
      case "AgentInvocationFinished":
        this.#forget();
        break;
      default:
    }
  }
}

function misfitOfRequest(status: Status, entry: Entry): string | undefined {
  const { pending, updates, current, schedules } = status;
  switch (entry.kind) {
    case "AgentInvocationStarted": {
      if (current !== undefined) return "begins inside of another invocation";
      const request = pending.find(({ index }) => index === entry.pendingIndex);
      const isKnown = request?.idempotencyKey === entry.idempotencyKey;
      return isKnown ? undefined : "begins an invocation that is not pending";
    }
    case "PendingAgentInvocation": {
      const isTwice = [...pending, current].some(
        (known) => known?.idempotencyKey === entry.idempotencyKey,
      );
      return isTwice ? "is accepted for the second time" : undefined;
    }
    case "CancelPendingInvocation":
      return pending.some(({ idempotencyKey }) => idempotencyKey === entry.idempotencyKey)
        ? undefined
        : "cancels what is not pending";
    case "PendingUpdate":
      return updates.pending.some(({ id }) => id === entry.updateId)
        ? "is pending for the second time"
        : undefined;
    case "SuccessfulUpdate":
    case "FailedUpdate": {
      const isQueued = pending.some(
        ({ request }) => request.type === "manual-update" && request.updateId === entry.updateId,
      );
      const isPending = updates.pending.some(({ id }) => id === entry.updateId);
      return isQueued || isPending ? undefined : "concludes an update that is not pending";
    }
    case "ScheduleDeleted":
      return schedules.some(({ id }) => id === entry.scheduleId)
        ? undefined
        : "ends a schedule that is not there";
    default:
      return undefined;
  }
}
