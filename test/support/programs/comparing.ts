/** Compares a replay with the live run that left the record. */
import { expect } from "vitest";
import type { Indexed, Start } from "../../../src/core/oplog/entry.ts";
import { inRegions, type Regions } from "../../../src/core/oplog/regions.ts";
import type { BootReply } from "../../../src/core/protocol.ts";
import type { Status } from "../../../src/core/status/status.ts";
import type { Item } from "./programs.ts";

/** What programs have left. */
interface Lived {
  readonly record: readonly Indexed[];
  /** What the programs have seen, in the instance that lived to the end. */
  readonly trace: readonly Item[];
}

/** What a fresh instance has come to. */
export interface Replayed {
  readonly reply: BootReply;
  /** What it saves of itself. */
  readonly state: unknown;
}

/** A record whose beginnings can be replayed. */
interface Recorded {
  /** The status after the first `length` entries. */
  status(length: number): Status;
  /** What a fresh instance is after them. */
  replayed(length: number): Promise<Replayed>;
}

/** What a completion shows of itself: which call has ended, and when. */
type Seen = readonly [call: string, at: number];

/** The completions of a record as code sees them. */
interface Completions {
  /** Those that come when the code can go no further, in their order. */
  readonly awaited: readonly Seen[];
  /** Labels of steps that ended within the turn in which they were called. */
  readonly quickSteps: ReadonlySet<string>;
  /** How many other calls ended within their turns. */
  readonly immediate: number;
}

function startAt(record: readonly Indexed[], index: number): Start {
  const entry = record[index - 1]?.entry;
  if (entry?.kind !== "Start") throw new Error(`no call starts at ${index}`);
  return entry;
}

/** Names of calls that are other ones where they are waited for. */
const NOTED_AS = new Map([["crypto.random", "new key"]]);

function completionsOf(record: readonly Indexed[], skipped: Regions): Completions {
  const awaited: Seen[] = [];
  const quickSteps = new Set<string>();
  let immediate = 0;
  for (const { index, entry } of record) {
    if (entry.kind !== "End" || inRegions(skipped, index)) continue;
    const { call, request = "{}" } = startAt(record, entry.start);
    if (entry.inline !== true) awaited.push([NOTED_AS.get(call) ?? call, entry.at]);
    else if (call === "step") quickSteps.add((JSON.parse(request) as { name: string }).name);
    else immediate += 1;
  }
  return { awaited, quickSteps, immediate };
}

const IMMEDIATE = new Set(["promise.create", "crypto.random"]);
/** What programs note of themselves. */
const OWN = new Set(["random", "caught", "attempt", "native"]);

function isAwaited([kind, label]: Item, { quickSteps }: Completions): boolean {
  return !IMMEDIATE.has(kind) && !OWN.has(kind) && !(kind === "step" && quickSteps.has(label));
}

/**
 * How many items the record of a prefix knows of: code that has come to its end runs on to its next
 * wait, makes up what takes no time, and leaves steps for later that took none in the live run.
 */
function knownItems(
  { items, trace }: { readonly items: readonly Item[]; readonly trace: readonly Item[] },
  { immediate, quickSteps }: Completions,
  all: Completions,
): number {
  let met = 0;
  const made = items.findIndex(([kind]) => IMMEDIATE.has(kind) && ++met > immediate);
  const left = trace.findIndex(
    ([kind, label]) => kind === "step" && all.quickSteps.has(label) && !quickSteps.has(label),
  );
  return Math.min(...[made, left, items.length].filter((at) => at >= 0));
}

/** Compares the prefixes of one record with the run that left it. */
class Comparison {
  readonly #run: Lived;
  readonly #recording: Recorded;
  readonly #all: Completions;

  constructor(run: Lived, recording: Recorded) {
    this.#run = run;
    this.#recording = recording;
    this.#all = completionsOf(run.record, this.#skipped(run.record.length));
  }

  #skipped(length: number): Regions {
    return this.#recording.status(length).skipped;
  }

  /** The state after the first `length` entries is what the live one was then: no less of it, and no more. */
  async expectSame(length: number): Promise<void> {
    const { record, trace } = this.#run;
    const { reply, state } = await this.#recording.replayed(length);
    if (reply.state === "refused") throw new Error(reply.error.message);
    const items = (state as { trace: readonly Item[] }).trace;
    const completions = completionsOf(record.slice(0, length), this.#skipped(length));
    const awaited = items.filter((item) => isAwaited(item, completions));
    expect(awaited.map(([kind, , , now]) => [kind, now])).toEqual(completions.awaited);
    const isRunning = this.#recording.status(length).current !== undefined;
    expect(reply.state).toBe(isRunning ? "open" : "ready");
    // What a later jump took back is not in the state that the live instance has in the end.
    const skipped = this.#skipped(record.length);
    if (inRegions(skipped, length) || inRegions(skipped, length + 1)) return;
    const known = knownItems({ items, trace }, completions, this.#all);
    expect(items.slice(0, known)).toEqual(trace.slice(0, known));
    if (length === record.length) expect(items).toEqual(trace);
  }
}

/** Replays the beginnings of these lengths. */
export async function expectReplayed(
  run: Lived,
  recording: Recorded,
  lengths: Iterable<number>,
): Promise<void> {
  const { record } = run;
  const comparison = new Comparison(run, recording);
  for (const length of lengths) {
    try {
      await comparison.expectSame(length);
    } catch (error) {
      const kind = record[length - 1]?.entry.kind;
      throw new Error(`after ${length} of ${record.length} entries, the last ${kind}`, {
        cause: error,
      });
    }
  }
}
