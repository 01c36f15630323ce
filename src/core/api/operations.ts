/**
 * What the router may ask of the objects. These interfaces are the whole surface between `http`
 * and `host`; every value in them can be cloned between isolates.
 */
import type { RevertTarget } from "../decide/revert.ts";
import type { RevisionDescription } from "./description.ts";
import type { HistorySource } from "../copies/history.ts";
import type { Presence } from "./directory.ts";
import type { Result } from "../errors.ts";
import type { OplogFilter } from "./oplog-filter.ts";
import type { Outcome } from "../oplog/entry.ts";
import type {
  AgentAddress,
  AgentView,
  ComponentSummary,
  EntryView,
  InvocationsPage,
  InvocationStatusName,
  DryRunView,
  ErrorView,
  InvocationView,
  OplogPage,
  SchedulesPage,
  ScheduleView,
  SnapshotContent,
  SnapshotView,
  UpdateCheck,
  UpdateMode,
  UpdateView,
  UpdatesView,
} from "./views.ts";

export interface CreateRequest {
  readonly revision?: number;
  /** JSON text of the params. */
  readonly params?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** An agent that asks another one for something. */
export interface Caller {
  /** Its name, `component/Type/key`. */
  readonly address: string;
  /** Names of the agents that wait for the outcome, the farthest first; none if nobody waits. */
  readonly chain: readonly string[];
}

export interface InvokeRequest {
  readonly method: string;
  /** Payload of the array of positional arguments: JSON text, when it comes over HTTP. */
  readonly args: string;
  readonly idempotencyKey: string;
  /** The router has just made the key, so nothing can be known by it. */
  readonly isNewKey: boolean;
  /** `await` answers with the outcome, `enqueue` as soon as the invocation is durable. */
  readonly mode: "await" | "enqueue";
  /** Epoch milliseconds; makes the invocation a scheduled one. Only with `enqueue`. */
  readonly scheduledFor?: number;
  readonly caller?: Caller;
}

export interface InvocationsRequest {
  readonly limit: number;
  readonly status?: InvocationStatusName;
  /** Only those whose requests stand before this index. */
  readonly before?: number;
}

export interface UpdateRequest {
  /** The id that the update is to have: the same request sent again is the same update. */
  readonly id?: string;
  readonly revision: number | "latest";
  readonly mode: UpdateMode;
  readonly wake: boolean;
  /** Without it calls and results are compared. A manual update replays nothing, so it makes no difference there. */
  readonly check?: UpdateCheck;
}

/** What a promise is completed with. */
export type PromiseOutcome = (
  | {
      readonly ok: true;
      /** Payload of the value: JSON text, when it comes over HTTP. */
      readonly result: string;
    }
  | { readonly ok: false; readonly error: ErrorView }
) & {
  /** Names the request, so that it can be sent again and is answered the same. */
  readonly completedBy: string;
};

export interface ForkRequest {
  readonly source: AgentAddress;
  /** The last entry that is copied; without it the last that can be. */
  readonly atIndex?: number;
  /** That of the copy: the same request sent again is the same copy. */
  readonly incarnation: string;
}

export interface ScheduleRequest {
  readonly cron: string;
  /** Name of an IANA time zone. */
  readonly timezone: string;
  readonly method: string;
  /** JSON text of the array of positional arguments. */
  readonly args: string;
  /** Names the request, so that it can be sent again and is answered the same. */
  readonly createdBy: string;
}

export interface SchedulesRequest {
  readonly limit: number;
  /** Only those that were created after this index. */
  readonly after?: number;
}

export interface OplogRequest extends OplogFilter {
  readonly from: number;
  readonly limit: number;
}

/** Where a follower of an oplog is. The end of the agent ends it, also when another one has the address since. */
export interface Position {
  readonly incarnation: string;
  /** It has all entries up to this index. */
  readonly after: number;
}

/** The operations of one agent's object. Those with an `address` may create the agent. */
export interface AgentOperations extends HistorySource {
  create(
    address: AgentAddress,
    request: CreateRequest,
  ): Promise<Result<{ readonly agent: AgentView; readonly created: boolean }>>;
  describe(): Promise<Result<AgentView>>;
  /** Whether there is an agent, and what the directory shows of it. */
  presence(): Promise<Presence>;
  destroy(): Promise<Result<null>>;
  invoke(address: AgentAddress, request: InvokeRequest): Promise<Result<InvocationView>>;
  invocation(idempotencyKey: string, waitMs: number): Promise<Result<InvocationView>>;
  /** Newest first. */
  invocations(request: InvocationsRequest): Promise<Result<InvocationsPage>>;
  /** With `force` one that runs, too: its code is told, and stopped after a grace. */
  cancel(idempotencyKey: string, force: boolean): Promise<Result<{ readonly cancelled: boolean }>>;
  /** Stops what runs; with `recover` the instance is dropped and recovered, and callers notice nothing. */
  interrupt(recover: boolean): Promise<Result<AgentView>>;
  resume(): Promise<Result<AgentView>>;
  /** Deletes the end of its history; the agent goes on from where it was then. */
  revert(target: RevertTarget): Promise<Result<AgentView>>;
  /** Makes the agent at that address, which is asked for it, a copy of another one. */
  fork(address: AgentAddress, request: ForkRequest): Promise<Result<AgentView>>;
  /** The agent as a file. */
  export(): Promise<Result<AsyncIterable<Uint8Array>>>;
  /** Makes the agent at that address, which is asked for it, of a file; `incarnation` is its new one. */
  import(
    address: AgentAddress,
    incarnation: string,
    file: AsyncIterable<Uint8Array>,
  ): Promise<Result<AgentView>>;
  update(request: UpdateRequest): Promise<Result<UpdateView>>;
  /** What the update would come to; writes nothing to the agent and does not disturb it. */
  dryRun(request: UpdateRequest): Promise<Result<DryRunView>>;
  updates(): Promise<Result<UpdatesView>>;
  oplog(request: OplogRequest): Promise<Result<OplogPage>>;
  /**
   * The next entries after a position; none when there were none within the time. Refused as
   * `agent-deleted` when the agent of that incarnation is no more.
   */
  follow(position: Position, waitMs: number): Promise<Result<readonly EntryView[]>>;
  takeSnapshot(): Promise<Result<SnapshotView>>;
  snapshot(index: number): Promise<Result<SnapshotContent>>;
  /** `completed` tells whether this request is the one that completed the promise. */
  completePromise(
    id: string,
    outcome: PromiseOutcome,
  ): Promise<Result<{ readonly completed: boolean }>>;
  /** `created` is false when the same request made the schedule before. */
  createSchedule(
    address: AgentAddress,
    request: ScheduleRequest,
  ): Promise<Result<{ readonly schedule: ScheduleView; readonly created: boolean }>>;
  /** Oldest first. */
  schedules(request: SchedulesRequest): Promise<Result<SchedulesPage>>;
  schedule(id: string): Promise<Result<ScheduleView>>;
  deleteSchedule(id: string): Promise<Result<null>>;
  /** Invokes for another agent, which waits for the outcome. */
  callFrom(address: AgentAddress, request: InvokeRequest): Promise<Result<Outcome>>;
  /**
   * Whether this agent cannot end the invocation with that key before one of the agents in `chain`
   * goes on; `seen` have been asked already.
   */
  isBehind(
    chain: readonly string[],
    idempotencyKey: string,
    seen: readonly string[],
  ): Promise<boolean>;
}

export type Isolation = "agent" | "shared";

/** Agent code: `modules` maps module names to source text, `main` is one of them. */
export interface ComponentSource {
  readonly main: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly isolation: Isolation;
  /** Names of the host's bindings that the code asks for; absent when it asks for none. */
  readonly bindings?: readonly string[];
}

/** Code as it comes; where it does not say how it is isolated, the host's configuration does. */
export type ComponentUpload = Omit<ComponentSource, "isolation"> & {
  readonly isolation?: Isolation;
};

/** The code of a revision together with what identifies it. */
export interface ComponentCode {
  readonly digest: string;
  readonly source: ComponentSource;
}

/** The operations of one component's object. */
export interface ComponentOperations {
  /** Loads the code once, then stores it as the next revision; `created` is false for the same code as the latest. */
  publish(
    component: string,
    upload: ComponentUpload,
  ): Promise<Result<{ readonly revision: RevisionDescription; readonly created: boolean }>>;
  revision(revision: number | "latest"): Promise<Result<RevisionDescription>>;
  /** Newest first, those with a revision below `before` when it is given. */
  revisions(limit: number, before?: number): Promise<Result<readonly RevisionDescription[]>>;
  code(revision: number): Promise<Result<ComponentCode>>;
  /**
   * Stores code under its number for an agent that is being imported. Nobody else sees it before that
   * agent is there; it is refused when the number belongs to other code.
   */
  admit(
    component: string,
    revision: number,
    code: ComponentCode,
    arrival: ArrivingAgent,
  ): Promise<Result<null>>;
  /** What was stored for an arrival stays for good, or goes. */
  conclude(arrival: ArrivingAgent, isThere: boolean): Promise<void>;
}

/** An agent that is being imported. */
export interface ArrivingAgent {
  /** Its address as one text. */
  readonly name: string;
  readonly type: string;
  readonly incarnation: string;
}

/** The operations of the catalog: which components exist. */
export interface CatalogOperations {
  record(summary: ComponentSummary): Promise<void>;
  /** In name order, those with a name after `after` when it is given. */
  list(limit: number, after?: string): Promise<readonly ComponentSummary[]>;
}
