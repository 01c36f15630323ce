/**
 * Watches a simulation for what must hold at every moment, and draws the balance at its end: an
 * alarm stands by while there is work, records are legal, and the world saw each effect once.
 */
import { alarmAt } from "../../../src/core/decide/next.ts";
import { defaultLimits } from "../../../src/core/limits.ts";
import { decodeRow } from "../../../src/core/oplog/codec.ts";
import { isReplayable, type Indexed } from "../../../src/core/oplog/entry.ts";
import { inRegions } from "../../../src/core/oplog/regions.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { Status } from "../../../src/core/status/status.ts";
import type { Crash } from "./crashing.ts";
import { isOf, recordedCalls, type RecordedCall } from "./calls.ts";
import { entriesOn } from "./disk.ts";
import { expectLegal } from "./legality.ts";
import type { Residence } from "./residence.ts";
import type { Arrival } from "./upstream.ts";
import type { World } from "./world.ts";

/** The runtime keeps a watchdog this far ahead while it works. */
const WATCHDOG_MS = 1000;

/** What stood on an agent's disk when its process or its isolate died. */
interface Death {
  readonly of: Crash["of"];
  readonly residence: Residence;
  readonly calls: readonly RecordedCall[];
  /** The last entry, if it stood in an atomic region that was open. */
  readonly insideRegion?: number;
  /** How many requests had arrived by then. */
  readonly arrived: number;
}

export class Auditor {
  readonly #deaths: Death[] = [];
  readonly #statuses = new Map<Residence, Status>();
  /** What did not hold: it must not be thrown into the runtime. */
  readonly #violations: string[] = [];
  readonly #triesOfStep: number;
  readonly #snapshotsAreWork: boolean;

  /**
   * `triesOfStep`: how often a step may run its function by its own policy. Snapshots are no work
   * where they cannot be saved: after a failure the next one is not due by the record alone.
   */
  constructor(triesOfStep = 1, snapshotsAreWork = true) {
    this.#triesOfStep = triesOfStep;
    this.#snapshotsAreWork = snapshotsAreWork;
  }

  /** The status of an agent by its disk. */
  status(residence: Residence): Status | undefined {
    const { disk } = residence;
    let status = this.#statuses.get(residence);
    for (const [first, text] of disk.rows) {
      if (first <= (status?.lastIndex ?? 0)) continue;
      status = fold(status, decodeRow(first, text), () => entriesOn(disk));
    }
    if (status !== undefined) this.#statuses.set(residence, status);
    return status;
  }

  /** semantics 9: in every state with work outstanding, an alarm is armed. */
  readonly stored = (world: World, residence: Residence): void => {
    const status = this.status(residence);
    if (status === undefined) return;
    const { revision, identity } = status;
    const declared = world.revisions.type(revision, identity.type)?.snapshots ?? "disabled";
    const policy = this.#snapshotsAreWork ? declared : "disabled";
    const due = alarmAt(status, { policy, limits: defaultLimits }, world.clock.now);
    if (due === undefined) return;
    const { alarm } = residence.disk;
    if (alarm === undefined || alarm.at > Math.max(due, world.clock.now + WATCHDOG_MS)) {
      this.#violations.push(
        `${residence.name} has work at ${due} after ${status.lastIndex}, its alarm is at ${alarm?.at}`,
      );
    }
  };

  readonly crashed = (world: World, residence: Residence, of: Crash["of"]): void => {
    const record = entriesOn(residence.disk);
    const arrived = world.upstream.arrivals.length;
    const insideRegion = this.#insideRegion(residence, record);
    this.#deaths.push({
      of,
      residence,
      calls: recordedCalls(record),
      arrived,
      ...(insideRegion === undefined ? {} : { insideRegion }),
    });
  };

  /** The world begins with what is on its disks: none of that may be done again. */
  begin(world: World): void {
    for (const residence of world.agents) this.crashed(world, residence, "process");
  }

  /** Throws when something was done twice, or nobody can say whether it was done once. */
  balance({ agents, upstream: { arrivals } }: World): void {
    if (this.#violations.length > 0) throw new Error(this.#violations.join("\n"));
    for (const residence of agents) {
      const status = this.status(residence);
      if (status !== undefined) expectLegal(entriesOn(residence.disk), status.skipped);
    }
    expectOneKeyEach(arrivals);
    for (const death of this.#deaths) {
      this.#expectNothingAgain(death, arrivals);
      this.#expectRegionRepeated(death);
    }
    this.#expectNoneWithoutNeed(arrivals);
  }

  #isRedone({ residence }: Death, { start }: RecordedCall): boolean {
    return inRegions(this.status(residence)?.skipped ?? [], start);
  }

  /** What had ended is not sent again, unless it lies in what the agent went back over. */
  #expectNothingAgain(death: Death, arrivals: readonly Arrival[]): void {
    for (const call of death.calls) {
      if (call.end === undefined || this.#isRedone(death, call)) continue;
      const again = arrivals.slice(death.arrived).find(({ label }) => isOf(call, label));
      if (again !== undefined) {
        throw new Error(`${again.label} had ended at ${call.end}, and was sent again`);
      }
    }
  }

  /** An agent that was put to sleep has left nothing behind that a death could take. */
  #insideRegion(residence: Residence, record: readonly Indexed[]): number | undefined {
    const { current, name, skipped = [] } = this.status(residence) ?? {};
    if (current === undefined || current.parked === true || name === "retrying") return undefined;
    const open = new Set<number>();
    for (const { index, entry } of record.slice(current.startedIndex)) {
      if (inRegions(skipped, index)) continue;
      if (entry.kind === "BeginAtomicRegion") open.add(index);
      if (entry.kind === "EndAtomicRegion") open.delete(entry.begin);
    }
    const last = record.findLast(
      ({ index, entry }) => isReplayable(entry.kind) && !inRegions(skipped, index),
    );
    return last !== undefined && Math.min(...open) < last.index ? last.index : undefined;
  }

  /** sdk: an agent that dies in an atomic region goes back over all that was done in it. */
  #expectRegionRepeated({ of, residence, insideRegion }: Death): void {
    // What an isolate has sent before it died is still taken, the end of the region among it.
    if (insideRegion === undefined || of === "isolate") return;
    if (inRegions(this.status(residence)?.skipped ?? [], insideRegion)) return;
    throw new Error(`${residence.name} died in a region at ${insideRegion}, and went on there`);
  }

  /** Whether what died took the call along, so that it is made again. A fetch is the process's own. */
  #isLost(death: Death, call: RecordedCall): boolean {
    if (this.#isRedone(death, call)) return true;
    return call.end === undefined && (death.of === "process" || call.call === "step");
  }

  /** An effect is repeated at most as often as something died that it was lost with. */
  #expectNoneWithoutNeed(arrivals: readonly Arrival[]): void {
    const recorded = [...this.#statuses.keys()].flatMap(({ disk }) =>
      recordedCalls(entriesOn(disk)),
    );
    for (const [label, done] of countsOf(arrivals)) {
      const reasons = this.#deaths.filter((death) =>
        death.calls.some((call) => isOf(call, label) && this.#isLost(death, call)),
      );
      const tries = this.#tries(label, recorded);
      if (label.endsWith("/once") && done > 1) throw new Error(`${label} was done ${done} times`);
      if (done > tries + reasons.length * this.#triesOfStep) {
        throw new Error(`${label} was done ${done} times, for ${reasons.length} deaths`);
      }
    }
  }

  /** How often the record itself says that the call was made: more than once where it began anew. */
  #tries(label: string, recorded: readonly RecordedCall[]): number {
    const calls = recorded.filter((call) => isOf(call, label));
    const tries = calls.map(({ call }) => (call === "step" ? this.#triesOfStep : 1));
    return tries.reduce((sum, count) => sum + count, 0);
  }
}

/** How often the effect with each label was done. */
export function countsOf(arrivals: readonly Arrival[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label, isDone } of arrivals) {
    if (isDone) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

/** All writes of one call carry one key, and no other call carries it. */
function expectOneKeyEach(arrivals: readonly Arrival[]): void {
  const keys = new Map<string, string>();
  const labels = new Map<string, string>();
  for (const { label, method, key } of arrivals) {
    if (method === "GET") continue;
    if (key === undefined) throw new Error(`${label} arrived without a key`);
    if ((keys.get(label) ?? key) !== key) throw new Error(`${label} came under two keys`);
    if ((labels.get(key) ?? label) !== label) {
      throw new Error(`${label} and ${labels.get(key)} came under one key`);
    }
    keys.set(label, key);
    labels.set(key, label);
  }
}
