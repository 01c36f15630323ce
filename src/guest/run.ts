/**
 * One invocation in one instance: the author's method from its start to its outcome.
 *
 * Owns: which calls are open, and what the code sees next. Live run and replay are one path:
 * I1. A call is answered by the record while the record has an answer, else it is performed.
 * I2. One completion is delivered at a time, and only when the code can go no further; its `End` is
 *     recorded at that moment. So the order of `End`s is the order in which the code saw them.
 * I3. Until `goLive`, nothing is performed and nothing leaves the outbox.
 * I4. Time stands still between completions: it is that of the last record the code has observed.
 */
import type { AgentInvocationStarted, End, Indexed, Log, Outcome } from "../core/oplog/entry.ts";
import type { Payload } from "../core/oplog/payload.ts";
import type { Divergence } from "../core/protocol.ts";
import type { CallIdentity, ReplayCursor } from "../core/replay/cursor.ts";
import { limits } from "../core/limits.ts";
import { AgentError, fromErrorData, RetryableError, toErrorData } from "./errors.ts";
import { farWait, SUSPEND_AFTER_MS, type FarWait } from "./far-wait.ts";
import { isThenable } from "./thenable.ts";
import type { HostLink } from "./link.ts";
import { nextTurn, pause, realNow } from "./platform.ts";
import { derivedUuid, seededRandom } from "./random.ts";
import { describe } from "./wording.ts";
import { endOf, type OpenCall } from "./open-call.ts";
import {
  within,
  type CallSpec,
  type InvocationInfo,
  type MadeCall,
  type Scope,
  type Settlement,
} from "./scope.ts";
import { encode } from "./values.ts";

/** Code that never waits for anything outside is committed at least this often. */
const UNSENT_MS = 25;

export type Ending =
  | { readonly kind: "settled"; readonly outcome: Outcome }
  | { readonly kind: "suspended"; readonly wait: FarWait };

function checkSize(result: Payload): Payload {
  if (result.length <= limits.resultBytes) return result;
  const message = `The result has ${result.length} characters, more than ${limits.resultBytes}; return less, or in parts.`;
  throw new AgentError(message, { code: "payload-too-large" });
}

/** Waits that are over by now end in the order in which they would have. */
function byEnd(left: OpenCall, right: OpenCall): number {
  const [first = 0, second = 0] = [left, right].map(({ spec, at }) => spec.endsAt?.(at));
  return first - second;
}

function unsettled(): MadeCall {
  return { settled: new Promise(() => {}), cancel() {} };
}

export class Run implements Scope {
  /** The run that began last in this isolate. */
  static latest: Run | undefined;
  readonly invocation: InvocationInfo;
  readonly settings = {};
  readonly cursor: ReplayCursor | undefined;
  readonly link: HostLink;
  readonly #started: AgentInvocationStarted;
  readonly #random: () => number;
  readonly #open = new Map<number, OpenCall>();
  readonly #ready: OpenCall[] = [];
  #isLive: boolean;
  #now: number;
  #writes = 0;
  #closed = false;
  #flushedAt = realNow();
  /** Ends `quiet`: there is nothing more to wait for. */
  #stop: () => void = () => {};
  /** Ends a wait for the next completion. */
  #wake: () => void = () => {};
  outcome: Outcome | undefined;
  divergence: Divergence | undefined;
  /** What the method threw to begin anew. */
  retryable: RetryableError | undefined;

  /** `cursor` is absent for an invocation that starts live; `again`: the times at which it began anew. */
  constructor(
    link: HostLink,
    started: AgentInvocationStarted,
    cursor?: ReplayCursor,
    again: readonly number[] = [],
  ) {
    this.link = link;
    this.#started = started;
    this.cursor = cursor;
    this.#isLive = cursor === undefined;
    this.#random = seededRandom(started.seed);
    this.#now = again.at(-1) ?? started.at;
    const { idempotencyKey, method } = started;
    this.invocation = { idempotencyKey, method, attempt: again.length + 1 };
  }

  /** Lets the code begin; it runs until its first wait within this turn. */
  begin(code: () => unknown): void {
    Run.latest = this;
    try {
      const returned = within(this, code);
      if (isThenable(returned)) {
        returned.then(
          (value) => this.#settle(value),
          (error: unknown) => this.#fail(error),
        );
      } else this.#settle(returned);
    } catch (error) {
      this.#fail(error);
    }
  }

  #settle(value: unknown): void {
    try {
      this.outcome = { ok: true, result: checkSize(encode(value, "result")) };
    } catch (error) {
      this.#fail(error);
    }
    this.#halt();
  }

  #fail(thrown: unknown): void {
    this.outcome = { ok: false, error: toErrorData(thrown) };
    if (thrown instanceof RetryableError) this.retryable = thrown;
    this.#halt();
  }

  #halt(): void {
    this.#stop();
    this.#wake();
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.#random();
  }

  nextKey(): () => string {
    this.#writes += 1;
    const write = this.#writes;
    const { seed, idempotencyKey } = this.#started;
    return () => derivedUuid(`${seed}/${idempotencyKey}/${write}`);
  }

  /** Code that goes on after its method has settled makes no calls any more, live and in replay alike. */
  get #isOver(): boolean {
    return this.#closed || this.outcome !== undefined;
  }

  beginRegion(): () => void {
    if (this.#isOver) return () => {};
    const claimed = this.#claimBorder("begin of an atomic region");
    const begin = claimed ?? this.link.recordStart({ kind: "BeginAtomicRegion", at: realNow() });
    return () => {
      if (this.#isOver || this.#claimBorder("end of an atomic region", begin) !== undefined) return;
      this.link.record({ kind: "EndAtomicRegion", at: realNow(), begin });
    };
  }

  #claimBorder(what: string, begin?: number): number | undefined {
    if (this.#isLive || this.cursor === undefined) return undefined;
    const claimed = this.cursor.claimBorder(begin);
    if (claimed === undefined && this.cursor.barrier !== undefined) {
      this.diverge(`the ${what}`);
      return 0;
    }
    return claimed;
  }

  log(level: Log["level"], message: string): void {
    if (!this.#isLive && (this.#closed || this.cursor?.takeLog(level, message) === true)) return;
    this.link.record({ kind: "Log", at: realNow(), level, message });
  }

  call(spec: CallSpec): MadeCall {
    if (this.#isOver) return unsettled();
    const claim = this.#claim(spec.identity);
    if (claim === "diverged") return unsettled();
    if (claim?.end !== undefined) {
      return { settled: this.#observe(claim.end.entry), cancel() {} };
    }
    const at = claim?.at ?? realNow();
    const id = claim?.index ?? this.link.recordStart({ kind: "Start", at, ...spec.identity });
    const { promise, resolve, reject } = Promise.withResolvers<Payload | undefined>();
    const open: OpenCall = { spec, id, at, resolve, reject };
    this.#open.set(id, open);
    if (this.#isLive) {
      const settlement = spec.perform({ id, at }, this.link);
      if (!(settlement instanceof Promise)) return this.#endInline(open, settlement);
      this.#await(open, settlement);
    }
    return { settled: promise, cancel: () => this.#cancel(open) };
  }

  inline(identity: CallIdentity, produce: () => Payload): Payload {
    // Between invocations the record has no calls: one that were written there could not be replayed.
    if (this.#isOver) {
      const { method } = this.#started;
      throw new Error(
        `${identity.call} was called after ${method} had ended; await what calls it.`,
      );
    }
    const claim = this.#claim(identity);
    if (claim === undefined) return this.#recordInline(identity, produce());
    if (claim !== "diverged" && claim.end?.entry.response !== undefined) {
      this.#now = claim.end.entry.at;
      return claim.end.entry.response;
    }
    throw new Error(`${identity.call} is not what was recorded here.`);
  }

  #recordInline(identity: CallIdentity, response: Payload): Payload {
    const at = realNow();
    this.#now = at;
    const start = this.link.recordStart({ kind: "Start", at, ...identity });
    this.link.record({ kind: "End", at, start, response, inline: true });
    return response;
  }

  #claim(identity: CallIdentity): ReturnType<ReplayCursor["claim"]> | "diverged" {
    if (this.#isLive || this.cursor === undefined) return undefined;
    const claim = this.cursor.claim(identity);
    if (claim === undefined && this.cursor.barrier !== undefined) {
      this.diverge(`a call of ${identity.call}${identity.request ?? ""}`);
      return "diverged";
    }
    return claim;
  }

  /** Notes the first divergence; `actual` is what the code did instead of what is recorded. */
  diverge(actual: string): void {
    const expected = this.cursor?.unclaimed[0] ?? this.cursor?.barrier;
    if (this.divergence !== undefined || expected === undefined) return;
    const { index, entry } = expected;
    const recorded = describe(entry);
    const message = `At oplog index ${index} of ${this.#started.method} the record has ${recorded}, but the code made ${actual}.`;
    this.divergence = { index, expected: recorded, actual, message };
    this.#halt();
  }

  #endInline(open: OpenCall, settlement: Settlement): MadeCall {
    this.#open.delete(open.id);
    const end = endOf(open, settlement);
    this.link.record({ ...end, inline: true });
    return { settled: this.#observe(end), cancel() {} };
  }

  #await(open: OpenCall, settlement: Promise<Settlement>): void {
    // A promise may keep the code waiting for ever: after a while it is time to suspend.
    if (open.spec.promiseId !== undefined) {
      void pause(SUSPEND_AFTER_MS).then(() => {
        open.isLong = true;
        this.#wake();
      });
    }
    const done = (outcome: Settlement): void => {
      open.settlement = outcome;
      this.#ready.push(open);
      this.#wake();
    };
    settlement.then(done, (error: unknown) => done({ ok: false, error: toErrorData(error) }));
  }

  #cancel(open: OpenCall): void {
    if (this.#isOver || !this.#open.delete(open.id)) return;
    if (!this.#isLive && this.cursor?.isCancelled(open.id) === true) return;
    this.link.record({ kind: "Cancelled", at: realNow(), start: open.id });
  }

  #observe(end: End): Promise<Payload | undefined> {
    this.#now = end.at;
    return end.error === undefined
      ? Promise.resolve(end.response)
      : Promise.reject(fromErrorData(end.error));
  }

  /** Whether the call that the recorded `End` belongs to has been made. */
  isOpen(start: number): boolean {
    return this.#open.has(start);
  }

  /** Delivers a recorded completion. */
  deliverRecorded({ entry }: Indexed<End>): void {
    const open = this.#open.get(entry.start);
    this.#open.delete(entry.start);
    this.#now = entry.at;
    if (entry.error === undefined) open?.resolve(entry.response);
    else open?.reject(fromErrorData(entry.error));
  }

  #deliver(open: OpenCall, settlement: Settlement): void {
    if (!this.#open.delete(open.id)) return;
    const end = endOf(open, settlement);
    this.link.record(end);
    this.#now = end.at;
    if (settlement.ok) open.resolve(settlement.response);
    else open.reject(fromErrorData(settlement.error));
  }

  /** Waits until the code has settled or can go no further. */
  quiet(): Promise<void> {
    if (this.outcome !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stop = resolve;
      void nextTurn().then(resolve);
    });
  }

  #signal(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The record has ended: what is open is performed, under the `Start` that it has. */
  goLive(): void {
    if (this.#isLive) return;
    this.#isLive = true;
    for (const open of [...this.#open.values()].toSorted(byEnd)) {
      this.#await(
        open,
        Promise.resolve(open.spec.perform({ id: open.id, at: open.at }, this.link)),
      );
    }
  }

  /** Runs live until the method settles, or only far waits are left. */
  async finish(): Promise<Ending> {
    for (;;) {
      await this.quiet();
      if (this.outcome !== undefined) return { kind: "settled", outcome: this.outcome };
      this.link.checkHeld();
      const next = this.#ready.shift();
      if (next === undefined || realNow() - this.#flushedAt > UNSENT_MS) this.#flush();
      if (next?.settlement !== undefined) {
        this.#deliver(next, next.settlement);
        continue;
      }
      const wait = farWait(this.#open.values(), realNow());
      if (wait !== undefined) return { kind: "suspended", wait };
      await this.#signal();
    }
  }

  #flush(): void {
    this.link.flush();
    this.#flushedAt = realNow();
  }

  /** Ends the run: calls that its code still makes never settle and leave no trace. */
  seal(): void {
    this.#closed = true;
  }

  /** Cancels what is still open: the invocation has its outcome, nothing of it may go on. */
  close(): void {
    this.seal();
    if (this.#open.size === 0) return;
    const calls = [...this.#open.values()].map(({ spec }) => spec.identity.call).join(", ");
    const at = realNow();
    for (const { id } of this.#open.values()) {
      this.link.record({ kind: "Cancelled", at, start: id });
    }
    const message = `Cancelled what was still open when ${this.#started.method} ended: ${calls}. Await it to let it finish.`;
    this.link.record({ kind: "Log", at, level: "warn", message });
    this.#open.clear();
  }
}
