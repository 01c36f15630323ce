/** Compares a replay with the live run that left the record. */
import { expect } from "vitest";
import type { End, Indexed, Start } from "../../../src/core/oplog/entry.ts";
import { inRegions, type Regions } from "../../../src/core/oplog/regions.ts";
import type { Item } from "../../support/programs/programs.ts";
import { laboratory, type ProgramRun } from "./program-run.ts";
import { replayed } from "./replaying.ts";

/** What a completion shows of itself: which call has ended, and when. */
type Seen = readonly [call: string, at: number];

/** The completions that replay delivers, in their order; `quick`: labels of steps that took no time. */
function completions(record: readonly Indexed[], skipped: Regions) {
  const seen: Seen[] = [];
  const quick = new Set<string>();
  const walked = record.filter(({ index }) => !inRegions(skipped, index));
  for (const { entry } of walked.filter(isEnd)) {
    const { call, request = "{}" } = record[entry.start - 1]?.entry as Start;
    if (entry.inline !== true) seen.push([call, entry.at]);
    else if (call === "step") quick.add((JSON.parse(request) as { name: string }).name);
  }
  return { seen, quick };
}

function isEnd(indexed: Indexed): indexed is Indexed<End> {
  return indexed.entry.kind === "End";
}

/** Items of completions: those of calls that took no time, and the program's own, are none. */
function isCompletion([kind, label]: Item, quick: ReadonlySet<string>): boolean {
  const isOwn = kind === "inline" || kind === "caught" || kind === "attempt";
  return !isOwn && !(kind === "step" && quick.has(label));
}

/** A replay that ends before the live run did makes up for itself what the record does not have. */
function isMadeUp([kind, label]: Item, quick: ReadonlySet<string>): boolean {
  return kind === "inline" || (kind === "step" && !quick.has(label));
}

/** The state after the first `length` entries is what the live one was: no more of it, and no less. */
export async function expectReplayed({ record, trace }: ProgramRun, length: number): Promise<void> {
  const { reply, state, skipped } = await replayed(laboratory, record, length);
  const last = record[length - 1]?.entry.kind;
  if (reply.state === "refused") throw new Error(`${length} (${last}): ${reply.error.message}`);
  const { seen, quick } = completions(record.slice(0, length), skipped);
  const items = (state as { trace: Item[] }).trace;
  const ended = items.filter((item) => isCompletion(item, quick));
  expect(ended.map(([kind, , , now]) => [kind, now])).toEqual(seen);
}
