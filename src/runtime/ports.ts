/** What the runtime needs of the platform. Adapters live in `host`; tests use others. */
import type { AgentTypeDescription } from "../core/api/description.ts";
import type { DirectoryEntry } from "../core/api/directory.ts";
import type {
  ArrivingAgent,
  Caller,
  ComponentCode,
  ComponentOperations,
} from "../core/api/operations.ts";
import type { Result } from "../core/errors.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type { AgentAddress, JsonValue } from "../core/api/views.ts";
import type { Sha256 } from "../core/copies/file.ts";
import type { HistorySource } from "../core/copies/history.ts";
import type { Grants } from "../core/bindings/kinds.ts";
import type { Delivery } from "../core/decide/following.ts";
import type { Settings } from "../core/settings.ts";
import type {
  AgentMessage,
  BindingRequest,
  InstancePort,
  InstanceIdentity,
  EffectResult,
  Effect,
  RecordPage,
} from "../core/protocol.ts";

/** Milliseconds since the epoch, and sources of unguessable names. */
export interface Environment {
  now(): number;
  uuid(): string;
  random(): number;
  readonly sha256: Sha256;
}

/** Where a block of idempotency keys is: `low` is the least hash in it. */
export interface KeyPlace {
  readonly tier: number;
  readonly run: number;
  readonly low: number;
}

/** Where a history is kept. Everything is synchronous; what a transaction does is committed as one. */
export interface OplogStore {
  /** False for an agent that was never created: asking writes nothing. */
  exists(): boolean;
  /** Makes the tables; called once, in the transaction that writes `Create`. */
  prepare(): void;
  transaction(work: () => void): void;
  appendRow(first: number, text: string): void;
  /** Rows from the one that holds the entry `from` up to that of `to`, at most about `maxCharacters` of them. */
  readPage(from: number, to: number, maxCharacters: number): RecordPage;
  /** Rows from the one that holds the entry `from` back towards the first, newest first; `next` is where the page before them ends. */
  readPageBack(from: number, maxCharacters: number): RecordPage;
  putSnapshot(index: number, payload: string): void;
  getSnapshot(index: number): string | undefined;
  /** Indices of the entries whose snapshots are stored, oldest first. */
  snapshotIndices(): readonly number[];
  dropSnapshot(index: number): void;
  putCheckpoint(text: string): void;
  getCheckpoint(): string | undefined;
  putKeyBlock(place: KeyPlace, bytes: Uint8Array): void;
  getKeyBlock(place: KeyPlace): Uint8Array | undefined;
  /** Where all blocks are: those of newer runs first, within a run in the order of their hashes. */
  keyPlaces(): readonly KeyPlace[];
  dropKeyRun(tier: number, run: number): void;
  setAlarm(at: number): void;
  /** Removes everything; the alarm too, if nothing is left. */
  destroy(): Promise<void>;
}

/** One agent's storage. */
export interface AgentStore extends OplogStore {
  /** A history that has arrived and is not the agent's own yet. */
  readonly staged: StagedStore;
}

/** A store beside the agent's, in the same transactions. */
export interface StagedStore extends OplogStore {
  /** What is staged becomes the agent's, which had nothing; part of a transaction. */
  promote(): void;
}

/** A running instance, and how to be rid of it. */
export interface InstanceHandle extends InstancePort {
  /** Stops it at once: calls in flight reject, nothing that it sends is taken any more. */
  drop(reason: string): void;
}

/** Where an instance runs: two places, so that a trial can run beside the agent, one for reads, one for dry runs. */
export type Slot = "left" | "right" | "aside" | "dry";

export interface Instances {
  /** `attempt` tells isolates of the same agent and revision apart, where they are known by name. */
  start(
    slot: Slot,
    code: ComponentCode,
    identity: InstanceIdentity,
    attempt: number,
  ): InstanceHandle;
}

/** What is known of a component's revisions. */
export interface Components {
  /** The agent type in that revision, and which revision that is. */
  agentType(
    component: string,
    revision: number | "latest",
    type: string,
  ): Promise<Result<{ readonly revision: number; readonly type: AgentTypeDescription }>>;
  code(component: string, revision: number): Promise<ComponentCode>;
  /** Takes in a revision that an agent needs which is being imported. */
  readonly admit: ComponentOperations["admit"];
  /** The import is over: what it has brought stays, or goes. Never fails: who misses it, asks the agent. */
  conclude(component: string, arrival: ArrivingAgent, isThere: boolean): Promise<void>;
  /** The issues that the method's own schema has with the arguments. */
  validate(
    component: string,
    revision: number,
    call: { readonly type: string; readonly method: string; readonly args: string },
  ): Promise<readonly JsonValue[]>;
}

/** How a try of an effect ended. `transient` says why another one may end otherwise. */
export type Tried = EffectResult & { readonly transient?: ErrorData };

/** Performs effects on the outside world. */
export interface Effects {
  /** One try; when `aborted` fires it is of no interest any more. */
  perform(effect: Effect, aborted: AbortSignal): Promise<Tried>;
}

/** The other agents. */
export interface Agents {
  perform(message: AgentMessage, caller: Caller): Promise<EffectResult>;
  /** Asks the agent of that name; see `AgentOperations.isBehind`. */
  isBehind(
    name: string,
    chain: readonly string[],
    idempotencyKey: string,
    seen: readonly string[],
  ): Promise<boolean>;
}

/** Histories of other agents. */
export interface Histories {
  of(address: AgentAddress): HistorySource;
}

/** Bindings of the host that components may be granted. */
export interface Bindings {
  /** What a component may use whose code asks for `asked`. */
  grants(component: string, asked: readonly string[]): Grants;
  /** Performs a call that is granted. */
  perform(request: BindingRequest): Promise<EffectResult>;
}

/** The directory, as an agent tells it of itself. Both may be repeated. */
export interface Registry {
  /** Resolves when the entry is durable. */
  enter(entry: DirectoryEntry): Promise<void>;
  leave(entry: DirectoryEntry): Promise<void>;
}

/** A connection over which entries are sent. What it was sent is kept with it: it may outlive this process's memory. */
export interface Listener {
  delivery: Delivery;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Who listens to the agent. */
export interface Listeners {
  readonly isEmpty: boolean;
  all(): readonly Listener[];
}

export interface Ports {
  readonly environment: Environment;
  readonly store: AgentStore;
  readonly instances: Instances;
  readonly components: Components;
  readonly effects: Effects;
  readonly agents: Agents;
  readonly histories: Histories;
  readonly bindings: Bindings;
  readonly registry: Registry;
  readonly listeners: Listeners;
  readonly settings: Settings;
}
