/** Code that does by itself exactly what is recorded: walks a cursor as a replay does and notes what it is told. */
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { Claim } from "../../../src/core/replay/cursor.ts";
import { ReplayCursor } from "../../../src/core/replay/cursor.ts";
import type { Regions } from "../../../src/core/oplog/regions.ts";

/** What the code learnt of one invocation. */
export interface Walked {
  readonly started: number;
  readonly request: number | undefined;
  readonly steps: (Claim | { readonly barrier: number })[];
  readonly isFinished: boolean;
}

export interface Walk {
  readonly invocations: readonly Walked[];
  readonly entriesReplayed: number;
  /** Of the unfinished invocation: its calls that the record says were cancelled, and its last log lines. */
  readonly cancelled: readonly number[];
  readonly logged: readonly string[];
}

class Walker {
  readonly #cursor: ReplayCursor;
  readonly #pages: (readonly Indexed[])[];
  readonly #lines: ReadonlySet<string>;
  #cancelled: number[] = [];
  #logged: string[] = [];

  constructor(pages: readonly (readonly Indexed[])[], skipped: Regions) {
    this.#cursor = new ReplayCursor(skipped);
    this.#pages = [...pages];
    this.#lines = new Set(
      pages.flat().flatMap(({ entry }) => (entry.kind === "Log" ? [entry.message] : [])),
    );
    if (pages.length === 0) this.#cursor.feed([], true);
  }

  #feed(): void {
    while (!this.#cursor.isFed) {
      const page = this.#pages.shift() ?? [];
      this.#cursor.feed(page, this.#pages.length === 0);
    }
  }

  #claims(claimed: Set<number>): Claim[] {
    const claims: Claim[] = [];
    while (this.#cursor.unclaimed.length > 0) {
      const { entry } = this.#cursor.unclaimed[0] ?? {};
      if (entry?.kind === "BeginAtomicRegion") this.#cursor.claimBorder();
      if (entry?.kind === "EndAtomicRegion") this.#cursor.claimBorder(entry.begin);
      if (entry?.kind !== "Start") continue;
      const claim = this.#cursor.claim(entry);
      if (claim === undefined) throw new Error("a recorded call could not be claimed");
      claims.push(claim);
      claimed.add(claim.index);
    }
    return claims;
  }

  #invocation(): Walked | undefined {
    const cursor = this.#cursor;
    this.#feed();
    const started = cursor.nextStarted();
    if (started === undefined) return undefined;
    const { pendingIndex } = started.entry;
    const request = cursor.takeAccepted(pendingIndex) === undefined ? undefined : pendingIndex;
    const steps: Walked["steps"] = [];
    const claimed = new Set<number>();
    for (;;) {
      this.#feed();
      cursor.gather();
      steps.push(...this.#claims(claimed));
      const { barrier } = cursor;
      if (barrier === undefined) {
        this.#cancelled = [...claimed].filter((start) => cursor.isCancelled(start));
        this.#logged = [...this.#lines].filter((message) => cursor.takeLog("info", message));
        return { started: started.index, request, steps, isFinished: false };
      }
      steps.push({ barrier: barrier.index });
      cursor.pass();
      if (barrier.entry.kind === "AgentInvocationFinished") {
        return { started: started.index, request, steps, isFinished: true };
      }
    }
  }

  walk(): Walk {
    const invocations: Walked[] = [];
    for (let next = this.#invocation(); next !== undefined; next = this.#invocation()) {
      invocations.push(next);
      if (!next.isFinished) break;
    }
    return {
      invocations,
      entriesReplayed: this.#cursor.entriesReplayed,
      cancelled: this.#cancelled,
      logged: this.#logged,
    };
  }
}

/** Walks the record, given by pages, to its end. */
export function walk(pages: readonly (readonly Indexed[])[], skipped: Regions): Walk {
  return new Walker(pages, skipped).walk();
}
