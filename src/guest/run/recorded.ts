/** The record of one invocation, as its run meets it: it answers calls until it ends, and then the run is live. */
import type { AgentInvocationStarted, Indexed, Log, Outcome } from "../../core/oplog/entry.ts";
import type { Deed, Divergence } from "../../core/protocol.ts";
import type { CallIdentity, Claim, ReplayCursor } from "../../core/replay/cursor.ts";

export class Recorded {
  readonly #started: Indexed<AgentInvocationStarted>;
  readonly #diverged: () => void;
  readonly #cursor: ReplayCursor | undefined;
  #hasEnded = false;
  /** The first call that was not among those left at the record's end. */
  #unmet: CallIdentity | undefined;
  divergence: Divergence | undefined;

  /** `cursor` is absent for an invocation that starts live; `diverged` hears of the first divergence. */
  constructor(
    started: Indexed<AgentInvocationStarted>,
    cursor: ReplayCursor | undefined,
    diverged: () => void,
  ) {
    this.#started = started;
    this.#cursor = cursor;
    this.#diverged = diverged;
  }

  get isLive(): boolean {
    return this.#cursor === undefined || this.#hasEnded;
  }

  /** Index of what the code comes to next by the record; beyond all of them once it is live. */
  get place(): number {
    return this.#answering?.place ?? Number.POSITIVE_INFINITY;
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
    const cursor = this.#answering;
    const claim = cursor?.claim(identity);
    if (claim !== undefined) return claim;
    if (cursor?.barrier === undefined) {
      const hasMore = cursor !== undefined && cursor.unclaimed.length > 0;
      if (hasMore) this.#unmet ??= identity;
      return undefined;
    }
    this.diverge({ kind: "call", identity });
    return "diverged";
  }

  /** The index of a recorded border: of a begin, or of the end of the region that began at `begin`. */
  claimBorder(begin?: number): number | undefined {
    const claimed = this.#answering?.claimBorder(begin);
    if (claimed !== undefined || this.#answering?.barrier === undefined) return claimed;
    this.diverge({ kind: "border", border: begin === undefined ? "begin" : "end" });
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

  /** The recorded entry that `done` stands in place of: a call of the same kind, if there is one. */
  #missed(done: Deed): Indexed | undefined {
    const unclaimed = this.#answering?.unclaimed ?? [];
    const alike = unclaimed.find(
      ({ entry }) =>
        entry.kind === "Start" && done.kind === "call" && entry.call === done.identity.call,
    );
    return alike ?? unclaimed[0] ?? this.#answering?.barrier;
  }

  /** The code goes no further, though the record does; `outcome` is what it came to, if it has ended. */
  divergeByInaction(outcome: Outcome | undefined): void {
    if (outcome !== undefined) this.diverge({ kind: "outcome", outcome });
    else if (this.#unmet === undefined) this.diverge({ kind: "waiting" });
    else this.diverge({ kind: "call", identity: this.#unmet });
  }

  /** Notes the first divergence; `done` is what the code did instead of what is recorded. */
  diverge(done: Deed): void {
    const missed = this.#missed(done);
    if (this.divergence !== undefined || missed === undefined) return;
    const { index, entry: recorded } = missed;
    const { index: startedIndex, entry } = this.#started;
    const { method, idempotencyKey } = entry;
    this.divergence = { index, recorded, done, method, idempotencyKey, startedIndex };
    this.#diverged();
  }
}
