/**
 * An agent's store as one process sees it: reads see all that the process has written; what it has
 * committed is handed over, and whether that reaches the disk is not known here.
 */
import type { RecordPage } from "../../../src/core/protocol.ts";
import type { AgentStore, KeyPlace, OplogStore, StagedStore } from "../../../src/runtime/ports.ts";
import { copyOf, emptyDisk, type Disk, type Write } from "./disk.ts";

function isSame(left: KeyPlace, right: KeyPlace): boolean {
  return left.tier === right.tier && left.run === right.run && left.low === right.low;
}

/** All that one process has written, and the transactions that it is in. */
class Desk {
  readonly #commit: (writes: readonly Write[]) => void;
  view: Disk;
  /** Of the transactions that are open, outermost first. */
  readonly #open: Write[][] = [];

  constructor(disk: Disk, commit: (writes: readonly Write[]) => void) {
    this.view = copyOf(disk);
    this.#commit = commit;
  }

  write(write: Write): void {
    write(this.view);
    const open = this.#open.at(-1);
    if (open === undefined) this.#commit([write]);
    else open.push(write);
  }

  transaction(work: () => void): void {
    const before = copyOf(this.view);
    const writes: Write[] = [];
    this.#open.push(writes);
    try {
      work();
    } catch (error) {
      this.view = before;
      this.#open.pop();
      throw error;
    }
    this.#open.pop();
    const outer = this.#open.at(-1);
    if (outer !== undefined) outer.push(...writes);
    else if (writes.length > 0) this.#commit(writes);
  }
}

class MemoryOplogStore implements OplogStore {
  protected readonly desk: Desk;
  readonly #part: (disk: Disk) => Disk;

  /** `part` is where on a disk it is. */
  constructor(desk: Desk, part: (disk: Disk) => Disk) {
    this.desk = desk;
    this.#part = part;
  }

  get #view(): Disk {
    return this.#part(this.desk.view);
  }

  #write(write: Write): void {
    this.desk.write((disk) => write(this.#part(disk)));
  }

  transaction(work: () => void): void {
    this.desk.transaction(work);
  }

  exists(): boolean {
    return this.#view.isPrepared;
  }

  prepare(): void {
    this.#write((disk) => {
      disk.isPrepared = true;
    });
  }

  appendRow(first: number, text: string): void {
    this.#write((disk) => disk.rows.set(first, text));
  }

  readPage(from: number, to: number, maxCharacters: number): RecordPage {
    const firsts = [...this.#view.rows.keys()];
    const start = firsts.findLastIndex((first) => first <= from);
    return this.#page(
      firsts.slice(Math.max(0, start)).filter((first) => first <= to),
      maxCharacters,
    );
  }

  #page(firsts: readonly number[], maxCharacters: number): RecordPage {
    const rows: [number, string][] = [];
    let characters = 0;
    for (const first of firsts) {
      if (characters > maxCharacters) return { rows, next: first };
      const text = this.#view.rows.get(first) ?? "";
      rows.push([first, text]);
      characters += text.length;
    }
    return { rows, next: null };
  }

  readPageBack(from: number): RecordPage {
    const rows = [...this.#view.rows].filter(([first]) => first <= from);
    return { rows: rows.toReversed(), next: null };
  }

  putSnapshot(index: number, payload: string): void {
    this.#write((disk) => disk.snapshots.set(index, payload));
  }

  getSnapshot(index: number): string | undefined {
    return this.#view.snapshots.get(index);
  }

  snapshotIndices(): readonly number[] {
    return [...this.#view.snapshots.keys()].toSorted((left, right) => left - right);
  }

  dropSnapshot(index: number): void {
    this.#write((disk) => disk.snapshots.delete(index));
  }

  putCheckpoint(text: string): void {
    this.#write((disk) => {
      disk.checkpoint = text;
    });
  }

  getCheckpoint(): string | undefined {
    return this.#view.checkpoint;
  }

  putKeyBlock(place: KeyPlace, bytes: Uint8Array): void {
    this.#write((disk) => {
      disk.keys.push({ ...place, bytes });
    });
  }

  getKeyBlock(place: KeyPlace): Uint8Array | undefined {
    return this.#view.keys.find((block) => isSame(block, place))?.bytes;
  }

  keyPlaces(): readonly KeyPlace[] {
    return this.#view.keys
      .map(({ tier, run, low }) => ({ tier, run, low }))
      .toSorted((a, b) => a.tier - b.tier || b.run - a.run || a.low - b.low);
  }

  dropKeyRun(tier: number, run: number): void {
    this.#write((disk) => {
      disk.keys = disk.keys.filter((block) => block.tier !== tier || block.run !== run);
    });
  }

  setAlarm(at: number): void {
    this.desk.write((disk) => {
      disk.alarm = { at };
    });
  }

  async destroy(): Promise<void> {
    this.#write((disk) => Object.assign(disk, emptyDisk()));
  }
}

function stagedOn(disk: Disk): Disk {
  disk.staged ??= emptyDisk();
  return disk.staged;
}

class MemoryStagedStore extends MemoryOplogStore implements StagedStore {
  constructor(desk: Desk) {
    super(desk, stagedOn);
  }

  promote(): void {
    this.desk.write((disk) => {
      const { alarm } = disk;
      Object.assign(disk, stagedOn(disk), { alarm, staged: undefined });
    });
  }

  override async destroy(): Promise<void> {
    this.desk.write((disk) => {
      disk.staged = undefined;
      if (!disk.isPrepared) disk.alarm = undefined;
    });
  }
}

export class MemoryStore extends MemoryOplogStore implements AgentStore {
  readonly staged: StagedStore;

  constructor(disk: Disk, commit: (writes: readonly Write[]) => void) {
    const desk = new Desk(disk, commit);
    super(desk, (whole) => whole);
    this.staged = new MemoryStagedStore(desk);
  }
}
