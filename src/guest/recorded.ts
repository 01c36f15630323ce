/** The record of one invocation, as its run meets it: it answers calls until it ends, and then the run is live. */
import type { Log } from "../core/oplog/entry.ts";
import type { Divergence } from "../core/protocol.ts";
import type { CallIdentity, Claim, ReplayCursor } from "../core/replay/cursor.ts";
import { describe } from "./wording.ts";

export class Recorded {
  readonly #method: string;
  readonly #diverged: () => void;
  readonly #cursor: ReplayCursor | undefined;
  #hasEnded = false;
  divergence: Divergence | undefined;

  /** `cursor` is absent for an invocation that starts live; `diverged` hears of the first divergence. */
  constructor(method: string, cursor: ReplayCursor | undefined, diverged: () => void) {
    this.#method = method;
    this.#cursor = cursor;
    this.#diverged = diverged;
  }

  get isLive(): boolean {
    return this.#cursor === undefined || this.#hasEnded;
  }

  /** What answers calls still. */
  get #answering(): ReplayCursor | undefined {
    return this.#hasEnded ? undefined : this.#cursor;
  }

  /** The record has ended. */
  goLive(): void {
    this.#hasEnded = true;
  }

  /** The recorded call, or nothing when the record has no more of it. */
  claim(identity: CallIdentity): Claim | "diverged" | undefined {
    const claim = this.#answering?.claim(identity);
    if (claim !== undefined || this.#answering?.barrier === undefined) return claim;
    this.diverge(`a call of ${identity.call}${identity.request ?? ""}`);
    return "diverged";
  }

  /** The index of a recorded border: of a begin, or of the end of the region that began at `begin`. */
  claimBorder(begin?: number): number | undefined {
    const claimed = this.#answering?.claimBorder(begin);
    if (claimed !== undefined || this.#answering?.barrier === undefined) return claimed;
    this.diverge(`the ${begin === undefined ? "begin" : "end"} of an atomic region`);
    return 0;
  }

  /** Whether the record has the line already. */
  hasLog(level: Log["level"], message: string): boolean {
    return this.#answering?.takeLog(level, message) === true;
  }

  /** How often the call was tried in vain by the record, and when it is to be tried again. */
  triedOf(start: number): ReturnType<ReplayCursor["triedOf"]> {
    return this.#cursor?.triedOf(start);
  }

  /** Whether the record says that the call was cancelled: also once it has ended. */
  hasCancelled(start: number): boolean {
    return this.#cursor?.isCancelled(start) === true;
  }

  /** Notes the first divergence; `actual` is what the code did instead of what is recorded. */
  diverge(actual: string): void {
    const expected = this.#answering?.unclaimed[0] ?? this.#answering?.barrier;
    if (this.divergence !== undefined || expected === undefined) return;
    const { index, entry } = expected;
    const recorded = describe(entry);
    const message = `At oplog index ${index} of ${this.#method} the record has ${recorded}, but the code made ${actual}.`;
    this.divergence = { index, expected: recorded, actual, message };
    this.#diverged();
  }
}
