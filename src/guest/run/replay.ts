/**
 * Replays the record on a fresh instance. Replay writes nothing; where the code and the record part
 * it stops with a divergence.
 */
import { decodeRow } from "../../core/oplog/codec.ts";
import type {
  AgentInvocationFinished,
  AgentInvocationStarted,
  Indexed,
  Outcome,
  PendingAgentInvocation,
} from "../../core/oplog/entry.ts";
import type { Boot, Divergence, RecordPage } from "../../core/protocol.ts";
import { ReplayCursor } from "../../core/replay/cursor.ts";
import { equalJsonTexts } from "../../core/json.ts";
import { richText } from "../../core/oplog/payload.ts";
import type { HostLink } from "../link.ts";
import { nextTurn, pause } from "../platform.ts";
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
 * Replayable entries after which a replay lets others go on, and as how many a page counts. Turns of
 * the event loop alone do not do it: as long as one follows the other, the host takes no requests.
 */
const ENTRIES_AT_A_TIME = 1024;
const PAGE_ENTRIES = 256;

/**
 * Code that waits for something of the platform that nobody follows is not yet as far as the record;
 * it gets this many turns before that counts as a divergence.
 */
const PATIENT_TURNS = 64;

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

/**
 * Outcomes where results are not compared: returning stays returning, and throwing throwing, for
 * what a method does around a throw is not to be lost unseen. Nor is a method that is gone.
 */
function alikeOutcome(recorded: Outcome, actual: Outcome): boolean {
  if (actual.ok || recorded.ok) return actual.ok === recorded.ok;
  return actual.error.code !== "method-not-found" || sameOutcome(recorded, actual);
}

/** A cancelled invocation was stopped wherever its code was. */
function hasEndedAs(
  recorded: AgentInvocationFinished,
  actual: Outcome | undefined,
  isLenient: boolean,
): boolean {
  if (recorded.cancelled === true) return true;
  if (actual === undefined) return false;
  return (isLenient ? alikeOutcome : sameOutcome)(recorded.outcome, actual);
}

/**
 * The rows of a page, which is empty after. The connection keeps what it has answered until the next
 * full collection of garbage: pages kept so long would add up to the whole record.
 */
function takeRows({ rows }: RecordPage): RecordPage["rows"] {
  return (rows as RecordPage["rows"][number][]).splice(0);
}

export class Replay {
  readonly #link: HostLink;
  readonly #boot: Boot;
  readonly #enter: Enter;
  readonly #cursor: ReplayCursor;
  #next: number | null;
  #pages = 0;
  /** Entries that had been replayed, and pages read, when others last went on. */
  #rested = 0;

  constructor(link: HostLink, boot: Boot, enter: Enter) {
    this.#link = link;
    this.#boot = boot;
    this.#enter = enter;
    this.#cursor = new ReplayCursor(boot.skipped);
    this.#next = boot.from <= boot.to ? boot.from : null;
    if (this.#next === null) this.#cursor.feed([], true);
  }

  /** Index of the entry that the code comes to next; beyond all of them once it is live. */
  get place(): number {
    return this.#cursor.place;
  }

  get entriesReplayed(): number {
    return this.#cursor.entriesReplayed;
  }

  /** A long replay must not keep the agent's host from answering. */
  async #giveWay(): Promise<void> {
    const done = this.entriesReplayed + this.#pages * PAGE_ENTRIES;
    if (done - this.#rested < ENTRIES_AT_A_TIME) return;
    this.#rested = done;
    await pause(0);
  }

  async #feed(): Promise<void> {
    await this.#giveWay();
    while (!this.#cursor.isFed && this.#next !== null) {
      const { from, to } = this.#boot;
      const page = await this.#link.host.page(this.#next, to);
      const entries = takeRows(page)
        .flatMap(([first, text]) => decodeRow(first, text))
        .filter(({ index }) => index >= from && index <= to);
      this.#next = page.next;
      this.#pages += 1;
      this.#cursor.feed(entries, page.next === null);
    }
  }

  async #request(pendingIndex: number): Promise<PendingAgentInvocation> {
    const known = this.#cursor.takeAccepted(pendingIndex);
    if (known !== undefined) return known;
    const page = await this.#link.host.page(pendingIndex, pendingIndex);
    for (const [first, text] of takeRows(page)) {
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
    const { identity: descent, settings } = this.#boot;
    const start = { started, place: index, descent, settings };
    const run = new Run(this.#link, start, this.#cursor, again);
    this.#enter(run, started, request);
    for (let tried = 0; ;) {
      await run.quiet();
      const { divergence } = run.recorded;
      if (divergence !== undefined) return { kind: "diverged", divergence };
      const progress = await this.#advance(run);
      if (progress === "finished") return undefined;
      if (progress === "at the end") return { kind: "open", run };
      if (progress === "delivered") tried = 0;
      else if (tried++ < PATIENT_TURNS) await nextTurn();
      else run.recorded.divergeByInaction(run.outcome);
    }
  }

  /** One step along the record, if the code has come as far as it. */
  async #advance(run: Run): Promise<"delivered" | "finished" | "at the end" | "behind"> {
    const { barrier, unclaimed } = this.#cursor;
    if (unclaimed.length > 0) return "behind";
    if (barrier === undefined) return "at the end";
    const { index, entry } = barrier;
    if (entry.kind === "AgentInvocationFinished") {
      const isLenient = index <= this.#boot.lenientTo;
      if (!hasEndedAs(entry, run.outcome, isLenient)) return "behind";
      run.seal();
      this.#cursor.pass();
      return "finished";
    }
    if (entry.kind === "End" && !run.isOpen(entry.start)) return "behind";
    this.#cursor.pass();
    await this.#feed();
    this.#cursor.gather();
    if (entry.kind === "End") run.deliverRecorded(entry);
    else run.deliverCancellation(entry.at);
    return "delivered";
  }
}
