/**
 * The stored runs of idempotency keys. Eight runs of a tier are merged into one of the next, so a
 * look-up searches few of them; blocks that were searched lately stay in memory.
 */
import {
  decodeBlock,
  encodeRun,
  openBlock,
  searchBlock,
  type KeyRecord,
  type OpenBlock,
} from "../../core/keys/key-run.ts";
import type { OplogStore, KeyPlace } from "../ports.ts";

const RUNS_PER_TIER = 8;
const TIERS = 4;

/** 32 KiB each: one megabyte in all. */
const OPEN_BLOCKS = 32;

interface Run {
  readonly tier: number;
  readonly run: number;
  readonly places: readonly KeyPlace[];
}

function runsOf(places: readonly KeyPlace[]): Run[] {
  const runs: { tier: number; run: number; places: KeyPlace[] }[] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last?.tier === place.tier && last.run === place.run) last.places.push(place);
    else runs.push({ tier: place.tier, run: place.run, places: [place] });
  }
  return runs;
}

export class KeyRuns {
  readonly #store: OplogStore;
  readonly #open = new Map<KeyPlace, OpenBlock>();
  /** Newest first; read when it is first needed. */
  #runs: Run[] | undefined;

  constructor(store: OplogStore) {
    this.#store = store;
  }

  #all(): Run[] {
    this.#runs ??= this.#store.exists() ? runsOf(this.#store.keyPlaces()) : [];
    return this.#runs;
  }

  #block(place: KeyPlace): OpenBlock {
    const known = this.#open.get(place);
    this.#open.delete(place);
    const block = known ?? openBlock(this.#store.getKeyBlock(place) ?? new Uint8Array());
    this.#open.set(place, block);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= OPEN_BLOCKS) break;
      this.#open.delete(oldest);
    }
    return block;
  }

  /** The records with that hash, newest first. */
  *find(hash: number): Iterable<KeyRecord> {
    for (const { places } of this.#all()) {
      const place = places.findLast(({ low }) => low <= hash);
      if (place !== undefined) yield* searchBlock(this.#block(place), hash);
    }
  }

  /** Adds a run and merges what has become too many; part of the caller's transaction. */
  add(records: readonly KeyRecord[]): void {
    if (records.length === 0) return;
    this.#write(0, records);
    for (let tier = 0; tier < TIERS - 1; tier++) this.#merge(tier);
  }

  /** Forgets what is in memory: it is read again when it is needed. */
  reload(): void {
    this.#runs = undefined;
    this.#open.clear();
  }

  #write(tier: number, records: readonly KeyRecord[]): void {
    const runs = this.#all();
    const newest = runs.find((run) => run.tier === tier);
    const run = (newest?.run ?? 0) + 1;
    const places = encodeRun(records).map(({ low, bytes }) => {
      const place = { tier, run, low };
      this.#store.putKeyBlock(place, bytes);
      return place;
    });
    const at = runs.findIndex((other) => other.tier >= tier);
    runs.splice(at < 0 ? runs.length : at, 0, { tier, run, places });
  }

  #merge(tier: number): void {
    const merged = this.#all().filter((run) => run.tier === tier);
    if (merged.length < RUNS_PER_TIER) return;
    const places = merged.flatMap((run) => run.places);
    this.#write(
      tier + 1,
      places.flatMap((place) => decodeBlock(this.#block(place))),
    );
    for (const { run } of merged) this.#store.dropKeyRun(tier, run);
    this.#runs = this.#all().filter((run) => run.tier !== tier);
  }
}
