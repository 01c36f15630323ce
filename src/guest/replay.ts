/**
 * Replays the record on a fresh instance. Replay writes nothing; where the code and the record part
 * it stops with a divergence.
 */
import { decodeRow } from "../core/oplog/codec.ts";
import type {
  AgentInvocationStarted,
  Indexed,
  Outcome,
  PendingAgentInvocation,
} from "../core/oplog/entry.ts";
import type { Boot, Divergence } from "../core/protocol.ts";
import { ReplayCursor } from "../core/replay/cursor.ts";
import { equalJsonTexts } from "../core/json.ts";
import { richText } from "../core/oplog/payload.ts";
import type { HostLink } from "./link.ts";
import { nextTurn, pause } from "./platform.ts";
import { Run } from "./run.ts";

/** How a recorded invocation is begun on the instance; says so when the code has no such method. */
export type Enter = (
  run: Run,
  started: AgentInvocationStarted,
  request: PendingAgentInvocation,
) => void;

export type ReplayEnd =
  | { readonly kind: "ready" }
  | { readonly kind: "open"; readonly run: Run }
  | { readonly kind: "diverged"; readonly divergence: Divergence };

/**
 * Code that is busy with something outside the record (cryptography, compression) is not yet as far
 * as the record; it gets this many turns, then this long, before that counts as a divergence.
 */
const PATIENT_TURNS = 64;
const PATIENT_MS = [1, 2, 5, 10, 20, 40, 80, 160];

function sameOutcome(recorded: Outcome, actual: Outcome): boolean {
  if (recorded.ok && actual.ok) {
    if (recorded.result === actual.result) return true;
    const isRich = [recorded.result, actual.result].some((text) => richText(text) !== undefined);
    return !isRich && equalJsonTexts(recorded.result, actual.result);
  }
  if (recorded.ok || actual.ok) return false;
  const [left, right] = [recorded.error, actual.error];
  return left.name === right.name && left.message === right.message && left.code === right.code;
}

export class Replay {
  readonly #link: HostLink;
  readonly #boot: Boot;
  readonly #enter: Enter;
  readonly #cursor: ReplayCursor;
  #next: number | null;

  constructor(link: HostLink, boot: Boot, enter: Enter) {
    this.#link = link;
    this.#boot = boot;
    this.#enter = enter;
    this.#cursor = new ReplayCursor(boot.skipped);
    this.#next = boot.from <= boot.to ? boot.from : null;
    if (this.#next === null) this.#cursor.feed([], true);
  }

  get entriesReplayed(): number {
    return this.#cursor.entriesReplayed;
  }

  async #feed(): Promise<void> {
    while (!this.#cursor.isFed && this.#next !== null) {
      const { from, to } = this.#boot;
      const page = await this.#link.host.page(this.#next, to);
      const entries = page.rows
        .flatMap(([first, text]) => decodeRow(first, text))
        .filter(({ index }) => index >= from && index <= to);
      this.#next = page.next;
      this.#cursor.feed(entries, page.next === null);
    }
  }

  async #request(pendingIndex: number): Promise<PendingAgentInvocation> {
    const known = this.#cursor.takeAccepted(pendingIndex);
    if (known !== undefined) return known;
    const { rows } = await this.#link.host.page(pendingIndex, pendingIndex);
    for (const [first, text] of rows) {
      const found = decodeRow(first, text).find(({ index }) => index === pendingIndex);
      if (found?.entry.kind === "PendingAgentInvocation") return found.entry;
    }
    throw new Error(`the oplog has no request at ${pendingIndex}`);
  }

  /** Replays all invocations of the record; the last one may be unfinished. */
  async toEnd(): Promise<ReplayEnd> {
    for (;;) {
      await this.#feed();
      const started = this.#cursor.nextStarted();
      if (started === undefined) return { kind: "ready" };
      const end = await this.#invocation(started);
      if (end !== undefined) return end;
    }
  }

  async #invocation({
    index,
    entry: started,
  }: Indexed<AgentInvocationStarted>): Promise<ReplayEnd | undefined> {
    const request = await this.#request(started.pendingIndex);
    await this.#feed();
    this.#cursor.gather();
    const again = this.#cursor.takeNewBeginnings(index).map(({ at }) => at);
    const run = new Run(this.#link, started, this.#cursor, again);
    this.#enter(run, started, request);
    for (let patience = 0; ;) {
      await run.quiet();
      if (run.divergence !== undefined) return { kind: "diverged", divergence: run.divergence };
      const progress = await this.#advance(run);
      if (progress === "finished") return undefined;
      if (progress === "at the end") return { kind: "open", run };
      if (progress === "delivered") patience = 0;
      else if (!(await this.#bePatient(patience++))) run.diverge(this.#inaction(run));
    }
  }

  /** One step along the record, if the code has come as far as it. */
  async #advance(run: Run): Promise<"delivered" | "finished" | "at the end" | "behind"> {
    const { barrier, unclaimed } = this.#cursor;
    if (unclaimed.length > 0) return "behind";
    if (barrier === undefined) return "at the end";
    if (barrier.entry.kind === "AgentInvocationFinished") {
      if (run.outcome === undefined) return "behind";
      if (!sameOutcome(barrier.entry.outcome, run.outcome)) return "behind";
      run.seal();
      this.#cursor.pass();
      return "finished";
    }
    if (!run.isOpen(barrier.entry.start)) return "behind";
    const end = { index: barrier.index, entry: barrier.entry };
    this.#cursor.pass();
    await this.#feed();
    this.#cursor.gather();
    run.deliverRecorded(end);
    return "delivered";
  }

  /** False when the code has had its time. A settled method will not come any further. */
  async #bePatient(tried: number): Promise<boolean> {
    if (tried < PATIENT_TURNS) {
      await nextTurn();
      return true;
    }
    const ms = PATIENT_MS[tried - PATIENT_TURNS];
    if (ms !== undefined) await pause(ms);
    return ms !== undefined;
  }

  #inaction(run: Run): string {
    const { outcome } = run;
    if (outcome === undefined) return "no such step and goes on waiting";
    return outcome.ok
      ? `the result ${outcome.result}`
      : `the error ${outcome.error.name}: ${outcome.error.message}`;
  }
}
