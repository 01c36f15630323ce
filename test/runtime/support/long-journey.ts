/** One agent makes all journeys; what all disks held is kept from one write to the next. */
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { FetchRequest } from "../../../src/core/protocol.ts";
import { copyOf, cutDisk, emptyDisk, entriesOn, type Disk } from "./disk.ts";
import { journey, JOURNEYS, TRAVELLER, type JourneyOptions, type Outcome } from "./journey.ts";
import type { World } from "./world.ts";

/** What all disks held after a write; `length`: how many entries the traveller had by then. */
interface Moment {
  readonly length: number;
  readonly disks: Readonly<Record<string, Disk>>;
}

export interface LongJourney {
  readonly record: readonly Indexed[];
  readonly outcome: Outcome;
  readonly moments: readonly Moment[];
}

export async function longJourney(): Promise<LongJourney> {
  const moments: Moment[] = [];
  const stored = ({ agents }: World): void => {
    const disks = Object.fromEntries(agents.map(({ name, disk }) => [name, copyOf(disk)]));
    const traveller = disks[TRAVELLER];
    moments.push({ length: traveller === undefined ? 0 : entriesOn(traveller).length, disks });
  };
  const { world, outcome } = await journey(JOURNEYS, { stored });
  return { record: entriesOn(world.agent(TRAVELLER).disk), outcome, moments };
}

/** URLs of the requests that had been answered within the first `length` entries. */
function answered(record: readonly Indexed[], length: number): string[] {
  const entries = record.slice(0, length);
  const ended = new Set(entries.map(({ entry }) => (entry.kind === "End" ? entry.start : 0)));
  return entries.flatMap(({ index, entry }) =>
    entry.kind === "Start" && entry.call === "fetch" && ended.has(index)
      ? [(JSON.parse(entry.request ?? "{}") as { url: string }).url]
      : [],
  );
}

/** The requests of the tries that had failed within the first `length` entries. */
function triedInVain(record: readonly Indexed[], length: number): FetchRequest[] {
  return record.slice(0, length).flatMap(({ entry }) => {
    const call = entry.kind === "Error" ? record[entry.retryFrom - 1]?.entry : undefined;
    return call?.kind === "Start" && call.call === "fetch"
      ? [JSON.parse(call.request ?? "{}") as FetchRequest]
      : [];
  });
}

/** Lets the world outside know what had arrived there by then. */
export function remind(world: World, { record }: LongJourney, length: number): void {
  for (const request of triedInVain(record, length)) world.upstream.arrive(request);
  for (const url of answered(record, length)) world.upstream.react(url);
}

/** Goes on from a disk that holds the first `length` entries only; all else is as it was then. */
export function travelOn(golden: LongJourney, length: number, options: JourneyOptions = {}) {
  const { record, moments } = golden;
  const { disks: then = {} } = moments.findLast((one) => one.length <= length) ?? {};
  const last = record[length - 1];
  if (last === undefined) throw new Error(`the record has no entry ${length}`);
  const disks = Object.fromEntries(Object.entries(then).map(([name, one]) => [name, copyOf(one)]));
  return journey(JOURNEYS, {
    ...options,
    now: last.entry.at,
    disks: { ...disks, [TRAVELLER]: cutDisk(then[TRAVELLER] ?? emptyDisk(), record, length) },
    begun: (world) => remind(world, golden, length),
  });
}
