/**
 * One invocation in one instance: the author's method from its start to its outcome.
 *
 * Owns what the code sees next. Live run and replay are one path:
 * I1. A call is answered by the record while the record has an answer, else it is performed.
 * I2. One completion is delivered at a time, and only when the code can go no further: it waits, and
 *     so does all that the platform does for it beside the record. The `End` is recorded at that
 *     moment. So the order of `End`s is the order in which the code saw them.
 * I3. Until `goLive`, nothing is performed and nothing leaves the outbox.
 * I4. Time stands still between completions: it is that of the last record the code has observed.
 */
import type { AgentInvocationStarted, End, Log, Outcome } from "../../core/oplog/entry.ts";
import { branchAt, type Descent } from "../../core/oplog/origin.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import { limitsOfRecord } from "../../core/limits.ts";
import type { CallIdentity, ReplayCursor } from "../../core/replay/cursor.ts";
import type { Settings } from "../../core/settings.ts";
import { Cancellation } from "./cancellation.ts";
import { fromErrorData, RetryableError, toErrorData } from "../author/errors.ts";
import { farWait, type FarWait } from "./far-wait.ts";
import { isThenable } from "../thenable.ts";
import type { HostLink } from "../link.ts";
import { codeRests, mayImport, NativeWork } from "./native-work.ts";
import { realNow } from "../platform.ts";
import { seededRandom } from "./random.ts";
import { Recorded } from "./recorded.ts";
import { encodeResult } from "./results.ts";
import { endOf, OpenCalls, type OpenCall } from "./open-call.ts";
import type { Reads } from "./reads.ts";
import {
  within,
  type CallSettings,
  type CallSpec,
  type InvocationInfo,
  type MadeCall,
  type Scope,
  type Settlement,
  type StartPlace,
} from "../scopes/scope.ts";
import { WriteKeys } from "./write-keys.ts";

/** Code that never waits for anything outside is committed at least this often. */
const UNSENT_MS = 25;

type Ending =
  | { readonly kind: "settled"; readonly outcome: Outcome }
  | { readonly kind: "suspended"; readonly wait: FarWait };

/** Waits that are over by now end in the order in which they would have. */
function byEnd(left: OpenCall, right: OpenCall): number {
  const [first = 0, second = 0] = [left, right].map(({ spec, at }) => spec.endsAt?.(at));
  return first - second;
}

function unsettled(): MadeCall {
  return { settled: new Promise(() => {}), cancel() {} };
}

/** An invocation that begins: `place` is the index of `started`, or its ref. */
export interface RunStart {
  readonly started: AgentInvocationStarted;
  readonly place: number;
  readonly descent: Descent;
  readonly settings: Settings;
}

export class Run implements Scope {
  /** The run that began last in this isolate. */
  static latest: Run | undefined;
  readonly invocation: InvocationInfo;
  readonly settings: CallSettings;
  readonly native = new NativeWork();
  readonly cancellation = new Cancellation();
  readonly link: HostLink;
  readonly recorded: Recorded;
  readonly #started: AgentInvocationStarted;
  /** Index of the invocation's start, or its ref while it has none. */
  readonly #place: number;
  readonly #random: () => number;
  readonly #keys: WriteKeys;
  readonly #calls: OpenCalls;
  readonly #suspendAfterMs: number;
  #now: number;
  #closed = false;
  #flushedAt = realNow();
  /** Ends `quiet`: there is nothing more to wait for. */
  #stop: () => void = () => {};
  /** Ends a wait for the next completion. */
  #wake: () => void = () => {};
  outcome: Outcome | undefined;
  /** What the method threw to begin anew. */
  retryable: RetryableError | undefined;

  /**
   * `cursor` is absent for an invocation that starts live; `again`: the times at which it began anew.
   * Of the settings it takes what concerns its live part: its limits are those with which it began.
   */
  constructor(
    link: HostLink,
    { started, place, descent, settings }: RunStart,
    cursor?: ReplayCursor,
    again: readonly number[] = [],
  ) {
    this.link = link;
    this.#started = started;
    this.#place = place;
    this.recorded = new Recorded({ index: place, entry: started }, cursor, () => this.#halt());
    this.#random = seededRandom(started.seed);
    const { seed, idempotencyKey } = started;
    const branch = (): string => branchAt(descent, this.recorded.place);
    this.#keys = new WriteKeys(() => `${seed}/${idempotencyKey}${branch()}`);
    this.#now = again.at(-1) ?? started.at;
    const { method, bindings } = started;
    const { cancellation } = this;
    this.settings = {
      limits: limitsOfRecord(started.limits),
      usualRetry: settings.retry,
      ...(bindings === undefined ? {} : { bindings }),
    };
    this.#suspendAfterMs = settings.suspendAfterMs;
    this.#calls = new OpenCalls(() => this.#wake(), settings.suspendAfterMs);
    this.invocation = {
      idempotencyKey,
      method,
      attempt: again.length + 1,
      get signal() {
        return cancellation.signal;
      },
    };
  }

  /** The code hears of it when it can go no further. */
  cancel(): void {
    this.cancellation.want();
    this.#wake();
  }

  /** Lets the code hear at `at` that the invocation is cancelled. */
  deliverCancellation(at: number): void {
    this.#now = at;
    this.cancellation.deliver();
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
      this.outcome = { ok: true, result: encodeResult(value, this.settings.limits) };
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

  nextKey(what: string): () => string {
    return this.#keys.next(what);
  }

  /** Code that goes on after its method has settled makes no calls any more, live and in replay alike. */
  get #isOver(): boolean {
    return this.#closed || this.outcome !== undefined;
  }

  beginRegion(): () => void {
    if (this.#isOver) return () => {};
    const claimed = this.recorded.claimBorder();
    const begin = claimed ?? this.link.recordStart({ kind: "BeginAtomicRegion", at: realNow() });
    return () => {
      if (this.#isOver || this.recorded.claimBorder(begin) !== undefined) return;
      this.link.record({ kind: "EndAtomicRegion", at: realNow(), begin });
    };
  }

  log(level: Log["level"], message: string): void {
    const { recorded } = this;
    if (!recorded.isLive && (this.#closed || recorded.hasLog(level, message))) return;
    this.link.record({ kind: "Log", at: realNow(), level, message });
  }

  call(spec: CallSpec): MadeCall {
    if (this.#isOver) return unsettled();
    const claim = this.recorded.claim(spec.identity);
    if (claim === "diverged") return unsettled();
    if (claim?.end !== undefined) {
      return { settled: this.#observe(claim.end.entry), cancel() {} };
    }
    const at = claim?.at ?? realNow();
    const id = claim?.index ?? this.link.recordStart({ kind: "Start", at, ...spec.identity });
    const { promise, resolve, reject } = Promise.withResolvers<Payload | undefined>();
    const open: OpenCall = { spec, id, at, resolve, reject };
    this.#calls.add(open);
    if (this.recorded.isLive) {
      const settlement = spec.perform(this.#placeOf(open), this.link);
      if (!(settlement instanceof Promise)) return this.#endInline(open, settlement);
      this.#calls.await(open, settlement);
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
    const claim = this.recorded.claim(identity);
    if (claim === "diverged") throw new Error(`${identity.call} is not what was recorded here.`);
    if (claim?.end?.entry.response !== undefined) {
      this.#now = claim.end.entry.at;
      return claim.end.entry.response;
    }
    return this.#recordInline(identity, produce(), claim?.index);
  }

  /** `claimed`: the `Start` that stands already, in a record that ends right after it. */
  #recordInline(identity: CallIdentity, response: Payload, claimed?: number): Payload {
    const at = realNow();
    this.#now = at;
    const start = claimed ?? this.link.recordStart({ kind: "Start", at, ...identity });
    this.link.record({ kind: "End", at, start, response, inline: true });
    return response;
  }

  #endInline(open: OpenCall, settlement: Settlement): MadeCall {
    this.#calls.remove(open.id);
    const end = endOf(open, settlement);
    this.link.record({ ...end, inline: true });
    return { settled: this.#observe(end), cancel() {} };
  }

  #cancel(open: OpenCall): void {
    if (this.#isOver || !this.#calls.remove(open.id)) return;
    if (this.recorded.hasCancelled(open.id)) return;
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
    return this.#calls.get(start) !== undefined;
  }

  /** Delivers a recorded completion. */
  deliverRecorded(entry: End): void {
    const open = this.#calls.get(entry.start);
    this.#calls.remove(entry.start);
    this.#now = entry.at;
    if (entry.error === undefined) open?.resolve(entry.response);
    else open?.reject(fromErrorData(entry.error));
  }

  #deliver(open: OpenCall, settlement: Settlement): void {
    const end = endOf(open, settlement);
    this.link.record(end);
    this.#now = end.at;
    if (settlement.ok) open.resolve(settlement.response);
    else open.reject(fromErrorData(settlement.error));
  }

  /** The method has settled, and nothing of it is under way. */
  get isAtRest(): boolean {
    return this.outcome !== undefined && !this.native.isUnderWay && !mayImport();
  }

  /**
   * Waits until the code can go no further. What it has under way when its method settles is waited
   * for as well: what comes next, which in replay is at once, must find the instance as it was left.
   */
  async quiet(): Promise<void> {
    if (this.isAtRest) return;
    const over = new Promise<void>((resolve) => {
      if (!mayImport()) this.#stop = resolve;
    });
    await Promise.race([over, codeRests()]);
    if (!this.native.isUnderWay) return;
    await this.native.rest(() => this.recorded.divergence !== undefined);
  }

  #signal(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The record has ended: what is open is performed, under the `Start` that it has, unless nobody waits for it any more. */
  goLive(): void {
    if (this.recorded.isLive) return;
    this.recorded.goLive();
    if (this.outcome !== undefined) return;
    for (const open of this.#calls.all.toSorted(byEnd)) {
      const settlement = open.spec.perform(this.#placeOf(open), this.link);
      this.#calls.await(open, Promise.resolve(settlement));
    }
  }

  #placeOf({ id, at }: OpenCall): StartPlace {
    const tried = this.recorded.triedOf(id);
    const isOpen = (): boolean => this.#calls.get(id) !== undefined;
    return { id, at, isOpen, ...(tried && { tried }) };
  }

  /** Runs live until the method settles, or only far waits are left; `reads` are done in its rests. */
  async finish(reads: Reads): Promise<Ending> {
    reads.arrived = () => this.#wake();
    for (;;) {
      await this.quiet();
      if (this.outcome !== undefined) return { kind: "settled", outcome: this.outcome };
      this.link.checkHeld();
      if (!reads.isEmpty) await reads.serve();
      else if (!this.#deliverNext()) {
        const wait = farWait(this.#calls.all, realNow(), this.#suspendAfterMs);
        if (wait !== undefined) return { kind: "suspended", wait };
        await this.#signal();
      }
    }
  }

  /** Lets the code see what comes next; false when there is nothing yet. */
  #deliverNext(): boolean {
    if (this.cancellation.isWanted) {
      const at = realNow();
      this.link.record({ kind: "Cancelled", at, start: this.#place });
      this.deliverCancellation(at);
      return true;
    }
    const next = this.#calls.takeEnded();
    if (next === undefined || realNow() - this.#flushedAt > UNSENT_MS) this.#flush();
    if (next !== undefined) this.#deliver(next.open, next.settlement);
    return next !== undefined;
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
    const open = this.#calls.all.filter(({ id }) => !this.recorded.hasCancelled(id));
    if (open.length === 0) return;
    const calls = open.map(({ spec }) => spec.identity.call).join(", ");
    const at = realNow();
    for (const { id } of open) this.link.record({ kind: "Cancelled", at, start: id });
    const message = `Cancelled what was still open when ${this.#started.method} ended: ${calls}. Await it to let it finish.`;
    this.link.record({ kind: "Log", at, level: "warn", message });
    this.#calls.clear();
  }
}
