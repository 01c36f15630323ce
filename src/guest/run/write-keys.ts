/**
 * Idempotency keys of writes. A key derives from what the write is, and from how many of the same
 * were made before it in the same part of the code: so code that begins anew, and makes its writes in
 * another order this time, gives none of them the key of another.
 */
import { derivedUuid } from "./random.ts";

/** Of a longer description only the beginning and the length count. */
const LONGEST = 64 * 1024;

function short(what: string): string {
  const beginning = what.length > LONGEST ? `${what.length} ${what.slice(0, LONGEST)}` : what;
  return derivedUuid(beginning);
}

export class WriteKeys {
  readonly #root: () => string;
  readonly #made = new Map<string, number>();

  /** `root` names the part of the code; it is asked for when a key is. */
  constructor(root: () => string) {
    this.#root = root;
  }

  /** What gives the key of the next write that is described so. */
  next(what: string): () => string {
    const name = short(what);
    const ordinal = (this.#made.get(name) ?? 0) + 1;
    this.#made.set(name, ordinal);
    return () => derivedUuid(`${this.#root()}/${name}/${ordinal}`);
  }
}
