/**
 * Sorted runs of idempotency keys: what finds an invocation of long ago without an index row for
 * each call. A run is a sequence of 32-byte records (hash, pending, started, ended) in the order of
 * their hashes; hashes can collide, so a hit counts only once the entry itself has been read.
 */

/** Where the entries of one invocation stand; `started` is 0 for one that was cancelled. */
export interface KeyRecord {
  readonly hash: number;
  readonly pending: number;
  readonly started: number;
  readonly ended: number;
}

const NUMBERS = 4;
/** Records in one stored block: 32 KiB, far below a row's limit and cheap to read for one look-up. */
const BLOCK_RECORDS = 1024;

/** A 53-bit hash of a key. Stored runs depend on it: it may never change. */
export function hashKey(key: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

function encodeBlock(records: readonly KeyRecord[]): Uint8Array {
  const numbers = new Float64Array(records.length * NUMBERS);
  records.forEach(({ hash, pending, started, ended }, at) => {
    numbers.set([hash, pending, started, ended], at * NUMBERS);
  });
  return new Uint8Array(numbers.buffer);
}

/** A block as numbers, ready to be searched. */
export type OpenBlock = Float64Array;

export function openBlock(bytes: Uint8Array): OpenBlock {
  return new Float64Array(bytes.slice().buffer);
}

/** A block, and the least hash in it. */
export interface KeyBlock {
  readonly low: number;
  readonly bytes: Uint8Array;
}

/** The blocks of a run that holds all of `records`. Equal hashes never straddle two blocks. */
export function encodeRun(records: readonly KeyRecord[]): KeyBlock[] {
  const sorted = records.toSorted((left, right) => left.hash - right.hash);
  const blocks: KeyBlock[] = [];
  for (let from = 0; from < sorted.length;) {
    let to = Math.min(from + BLOCK_RECORDS, sorted.length);
    while (to < sorted.length && sorted[to]?.hash === sorted[to - 1]?.hash) to += 1;
    const block = sorted.slice(from, to);
    blocks.push({ low: block[0]?.hash ?? 0, bytes: encodeBlock(block) });
    from = to;
  }
  return blocks;
}

function recordAt(numbers: OpenBlock, position: number): KeyRecord {
  const [hash = 0, pending = 0, started = 0, ended = 0] = numbers.subarray(
    position * NUMBERS,
    (position + 1) * NUMBERS,
  );
  return { hash, pending, started, ended };
}

/** All records of a block. */
export function decodeBlock(numbers: OpenBlock): KeyRecord[] {
  return Array.from({ length: numbers.length / NUMBERS }, (_, at) => recordAt(numbers, at));
}

/** The records of a block with that hash. */
export function searchBlock(numbers: OpenBlock, hash: number): KeyRecord[] {
  let low = 0;
  let high = numbers.length / NUMBERS;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle * NUMBERS] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  const found: KeyRecord[] = [];
  for (let at = low; numbers[at * NUMBERS] === hash; at++) found.push(recordAt(numbers, at));
  return found;
}
