/**
 * What must come of a sequence of commands, by semantics.md alone. An agent is a list of what has
 * happened to it: a revert cuts the list, and everything else is counted from what is left.
 */
import type { AgentStatusName, AgentView, InvocationView } from "../../../src/core/api/views.ts";
import type { Command, UpdateCommand } from "./commands.ts";
import { FIRST_ITEMS, NOWHERE, REVISIONS, type Method, type Traits } from "./revisions.ts";

interface Invocation {
  readonly key: string;
  readonly method: Method;
  readonly n: number;
}

type Event =
  | ({
      readonly of: "invocation";
      outcome?: string;
      /** How many events there were when it ended. */
      endedAfter?: number;
    } & Invocation)
  | ({ readonly of: "update"; readonly isSuccessful: boolean } & UpdateCommand);

type InvocationEvent = Extract<Event, { of: "invocation" }>;

/** A request that waits its turn. */
type Request = Invocation | UpdateCommand;

interface Moment {
  /** Index of the last entry then. */
  readonly index: number;
  readonly events: number;
  isGone: boolean;
}

/** What shows of an agent from outside. */
export interface View {
  readonly status: AgentStatusName;
  readonly revision: number;
  readonly hasManualBase: boolean;
  /** How many invocations wait their turn. */
  readonly waiting: number;
  /** Updates by their names. */
  readonly pending: readonly string[];
  readonly successful: readonly string[];
  readonly failed: readonly string[];
}

const METHOD_GONE = "!method-not-found";

function traitsOf(revision: number): Traits {
  const traits = REVISIONS[revision - 1];
  if (traits === undefined) throw new Error(`there is no revision ${revision}`);
  return traits;
}

function isGone(traits: Traits, method: Method): boolean {
  return method === "put" && traits.lacksPut === true;
}

function isWaiting({ method }: Invocation): boolean {
  return method === "fetch" || method === "sleep";
}

/** The numbers that an invocation puts on the list. */
function itemsOf({ method, n, outcome }: InvocationEvent): number[] {
  if (outcome === METHOD_GONE) return [];
  return isWaiting({ key: "", method, n }) && outcome !== undefined ? [n, -n] : [n];
}

function outcomeIn(traits: Traits, { method, n }: Invocation): string {
  if (isGone(traits, method)) return METHOD_GONE;
  if (method === "fail") return `!no ${n}`;
  return `=${traits.dialect === "plain" ? n : -n}`;
}

function nameOf({ mode, revision }: Pick<UpdateCommand, "mode" | "revision">): string {
  return `${mode} to ${revision}`;
}

/** What a real agent shows. */
export function viewOf({ updates, ...agent }: AgentView): View {
  return {
    status: agent.status,
    revision: agent.revision,
    hasManualBase: agent.lastManualUpdateSnapshotIndex !== null,
    waiting: agent.pendingInvocations,
    pending: updates.pending.map(nameOf).toSorted(),
    successful: updates.successful.map(nameOf),
    failed: updates.failed.map(nameOf),
  };
}

/** What a real invocation has come to. */
export function outcomeOf({ status, result, error }: InvocationView): string {
  if (error !== undefined) return `!${error.code ?? error.message}`;
  return status === "completed" ? `=${JSON.stringify(result)}` : status;
}

export class Model {
  #events: Event[] = [];
  #queue: Request[] = [];
  /** Automatic updates that wait for their trials. */
  #updates: (UpdateCommand & { readonly wake: boolean })[] = [];
  #isInterrupted = false;
  readonly #moments: Moment[] = [];
  /** Keys of all invocations that were ever accepted. */
  readonly #keys: string[] = [];

  get #current(): InvocationEvent | undefined {
    const last = this.#events.findLast((event) => event.of === "invocation");
    return last?.outcome === undefined ? last : undefined;
  }

  #successes(which: (update: UpdateCommand) => boolean): number[] {
    return this.#events.flatMap((event, at) =>
      event.of === "update" && event.isSuccessful && which(event) ? [at] : [],
    );
  }

  get #revision(): number {
    const last = this.#events[this.#successes(() => true).at(-1) ?? -1];
    return last?.of === "update" ? last.revision : 1;
  }

  get #traits(): Traits {
    return traitsOf(this.#revision);
  }

  /** Where the last manual update stands. */
  get #base(): number | undefined {
    return this.#successes(({ mode }) => mode === "manual").at(-1);
  }

  get items(): number[] {
    const added = this.#events.flatMap((one) => (one.of === "invocation" ? itemsOf(one) : []));
    return [...FIRST_ITEMS, ...added];
  }

  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  get #status(): AgentStatusName {
    const current = this.#current;
    if (current === undefined) return "idle";
    if (this.#isInterrupted) return "interrupted";
    return current.method === "sleep" ? "suspended" : "running";
  }

  get view(): View {
    const concluded = (isSuccessful: boolean): string[] =>
      this.#events.flatMap((one) =>
        one.of === "update" && one.isSuccessful === isSuccessful ? [nameOf(one)] : [],
      );
    return {
      status: this.#status,
      revision: this.#revision,
      hasManualBase: this.#base !== undefined,
      waiting: this.#queue.filter((one) => "key" in one).length,
      pending: this.#openUpdates.map(nameOf).toSorted(),
      successful: concluded(true),
      failed: concluded(false),
    };
  }

  /** What is known of each key: its outcome, `pending` or `running`, or nothing. */
  get outcomes(): Readonly<Record<string, string>> {
    const known = Object.fromEntries(this.#keys.map((key) => [key, "unknown"]));
    for (const one of this.#queue) if ("key" in one) known[one.key] = "pending";
    for (const one of this.#events) {
      if (one.of === "invocation") known[one.key] = one.outcome ?? "running";
    }
    return known;
  }

  get #openUpdates(): UpdateCommand[] {
    return [...this.#updates, ...this.#queue.filter((one) => "revision" in one)];
  }

  /** Whether the code of a revision gets through all that it would have to replay. */
  #replays({ revision, check }: UpdateCommand): boolean {
    const traits = traitsOf(revision);
    const base = this.#base;
    if (traits.isStillborn === true) return false;
    if (base !== undefined && traits.cannotLoad === true) return false;
    const lenient = this.#successes((one) => one.mode === "automatic" && one.check === "calls");
    const lenientTo = check === "calls" ? this.#events.length : (lenient.at(-1) ?? -1);
    return this.#events.slice((base ?? -1) + 1).every((event) => {
      if (event.of === "update" || event.outcome === undefined) return true;
      const outcome = outcomeIn(traits, event);
      if (outcome === event.outcome) return true;
      const isLenient = (event.endedAfter ?? 0) <= lenientTo;
      return isLenient && outcome !== METHOD_GONE && outcome.at(0) === event.outcome.at(0);
    });
  }

  #canHandOver({ revision }: UpdateCommand): boolean {
    const { isStillborn, cannotLoad } = traitsOf(revision);
    return this.#traits.cannotSave !== true && isStillborn !== true && cannotLoad !== true;
  }

  #conclude({ mode, revision, check }: UpdateCommand, isSuccessful: boolean): void {
    this.#events.push({ of: "update", mode, revision, check, isSuccessful });
    if (isSuccessful) this.#isInterrupted = false;
  }

  #endCurrent(current: InvocationEvent): void {
    current.outcome = outcomeIn(this.#traits, current);
    current.endedAfter = this.#events.length;
  }

  /** All that the agent does by itself: pending updates first, then the queue. */
  #goOn(): void {
    for (;;) {
      const [update] = this.#updates;
      const mayUpdate = !this.#isInterrupted || this.#updates.some(({ wake }) => wake);
      if (update !== undefined && mayUpdate) {
        this.#conclude(update, this.#replays(update));
        this.#updates.shift();
        continue;
      }
      if (this.#current !== undefined) return;
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (!("key" in next)) this.#conclude(next, this.#canHandOver(next));
      else {
        const event: InvocationEvent = { of: "invocation", ...next };
        this.#events.push(event);
        if (!isWaiting(next)) this.#endCurrent(event);
      }
    }
  }

  #wait(): void {
    this.#goOn();
    for (let current = this.#current; current && !this.#isInterrupted; current = this.#current) {
      this.#endCurrent(current);
      this.#goOn();
    }
  }

  #invoke(invocation: Invocation, mode: "await" | "enqueue"): string {
    if (isGone(this.#traits, invocation.method)) return "method-not-found";
    this.#keys.push(invocation.key);
    this.#queue.push(invocation);
    this.#isInterrupted = false;
    if (mode === "enqueue") this.#goOn();
    else this.#wait();
    return mode === "enqueue" ? "accepted" : (this.outcomes[invocation.key] ?? "");
  }

  /** Why an update is refused. */
  #refusal({ mode, revision }: UpdateCommand): string | undefined {
    const open = this.#openUpdates;
    if (revision === NOWHERE) return "revision-not-found";
    if (open.some((one) => one.mode === mode && one.revision === revision)) {
      return "update-already-pending";
    }
    return revision === this.#revision && open.length === 0 ? "already-at-revision" : undefined;
  }

  #update(update: Extract<Command, { do: "update" }>): string {
    const refusal = this.#refusal(update);
    if (refusal !== undefined) return refusal;
    if (update.mode === "automatic") this.#updates.push(update);
    else {
      this.#queue.push({ mode: "manual", revision: update.revision, check: update.check });
      if (update.wake) this.#isInterrupted = false;
    }
    this.#goOn();
    return "accepted";
  }

  /** What was saved before the automatic update is handed over after it. */
  #updateDuringSave({ manual, automatic }: { manual: number; automatic: number }): string {
    const check = "calls-and-results";
    const first = { mode: "manual", revision: manual, check } as const;
    const second = { mode: "automatic", revision: automatic, check } as const;
    const refusal = this.#refusal(first);
    if (refusal !== undefined) return refusal;
    const isSaved = this.#traits.cannotSave !== true;
    const canHandOver = this.#canHandOver(first);
    if (!isSaved) this.#conclude(first, false);
    const isRefused = automatic === NOWHERE;
    if (!isRefused) this.#conclude(second, this.#replays(second));
    if (isSaved) this.#conclude(first, canHandOver);
    return isRefused ? "accepted, revision-not-found" : "accepted, accepted";
  }

  /** Index of the last entry that a revert to a moment keeps. */
  moment(choice: number): number | undefined {
    return this.#moments[choice % Math.max(1, this.#moments.length)]?.index;
  }

  /** Remembers the present as one that can be gone back to. */
  remember(index: number): void {
    if (this.#moments.at(-1)?.index === index) return;
    this.#moments.push({ index, events: this.#events.length, isGone: false });
  }

  #cutOf(command: Extract<Command, { do: "revert" }>): number | undefined {
    if ("moment" in command) {
      const moment = this.#moments.find(({ index }) => index === this.moment(command.moment));
      return moment?.isGone === false ? moment.events : undefined;
    }
    const starts = this.#events.flatMap((one, at) => (one.of === "invocation" ? [at] : []));
    return starts.at(-command.invocations);
  }

  #revert(command: Extract<Command, { do: "revert" }>): string {
    const cut = this.#cutOf(command);
    if (cut === undefined) return "invalid-cut";
    const index = "moment" in command ? this.moment(command.moment) : undefined;
    for (const moment of this.#moments) {
      moment.isGone ||= moment.events > cut || (index !== undefined && moment.index > index);
    }
    this.#events.length = cut;
    this.#updates = [];
    this.#isInterrupted = false;
    this.#goOn();
    return "reverted";
  }

  #dryRun(update: UpdateCommand): string {
    const refusal = this.#refusal(update);
    if (refusal !== undefined) return refusal;
    const isCompatible =
      update.mode === "manual" ? this.#canHandOver(update) : this.#replays(update);
    return isCompatible ? "compatible" : "incompatible";
  }

  /** What the command is answered with. */
  perform(command: Command, nth: number): string {
    switch (command.do) {
      case "invoke": {
        const { method, mode } = command;
        return this.#invoke({ key: `key-${nth}`, method, n: nth }, mode);
      }
      case "update":
        return this.#update(command);
      case "update during a save":
        return this.#updateDuringSave(command);
      case "dry run":
        return this.#dryRun(command);
      case "snapshot":
        return this.isBusy || this.#traits.cannotSave === true ? "not-snapshottable" : "taken";
      case "revert":
        return this.#revert(command);
      case "interrupt":
        this.#isInterrupted = this.isBusy;
        if (this.isBusy) this.#updates = this.#updates.map((one) => ({ ...one, wake: false }));
        return "done";
      case "resume": {
        if (!this.isBusy) return "agent-not-resumable";
        this.#isInterrupted = false;
        this.#goOn();
        return "done";
      }
      case "wait":
        this.#wait();
        return "done";
      case "evict":
      case "crash":
        return "done";
    }
  }
}
