/**
 * What the host and an instance say to each other. The instance runs in an isolate of its own; all
 * values here are cloned between the two. Failures travel as data, for an isolate boundary drops
 * everything of an error but its name and message.
 */
import type { AgentAddress } from "./api/views.ts";
import type { Grants } from "./bindings/kinds.ts";
import type { CallRetryPolicy } from "./retry.ts";
import type { Settings } from "./settings.ts";
import type { Entry, ErrorData, Outcome, SnapshotData } from "./oplog/entry.ts";
import type { Origin } from "./oplog/origin.ts";
import type { Payload } from "./oplog/payload.ts";
import type { Regions } from "./oplog/regions.ts";
import type { CallIdentity } from "./replay/cursor.ts";

/** What `this.component`, `this.key`, … of an agent are. */
export interface InstanceIdentity {
  readonly component: string;
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly incarnation: string;
  readonly createdAt: number;
  readonly params?: Payload;
  readonly env?: Readonly<Record<string, string>>;
  readonly origin?: Origin;
}

/** How a fresh instance comes to the agent's state: from a base, then by replaying `[from, to]`. */
export interface Boot {
  readonly identity: InstanceIdentity;
  readonly base?: { readonly snapshot: SnapshotData; readonly revision: number };
  readonly from: number;
  readonly to: number;
  readonly skipped: Regions;
  /** The bindings that code may use from now on. */
  readonly grants: Grants;
  /** Outcomes that are recorded up to this index are not compared. */
  readonly lenientTo: number;
  /** What holds for what the instance does from now on. */
  readonly settings: Settings;
}

/** What code did where the record has something else. */
export type Deed =
  | { readonly kind: "call"; readonly identity: CallIdentity }
  | { readonly kind: "border"; readonly border: "begin" | "end" }
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | { readonly kind: "waiting" };

/** Where code and record part: the recorded entry that was not met, and what the code did instead. */
export interface Divergence {
  readonly index: number;
  readonly recorded: Entry;
  readonly done: Deed;
  /** The invocation in which it happened. */
  readonly method: string;
  readonly idempotencyKey: string;
  readonly startedIndex: number;
}

/** Code of a boot that was refused because the isolate has run an instance before. */
export const ISOLATE_IN_USE = "isolate-in-use";

/** `entriesReplayed` counts the replayable entries that the code has got past. */
export type BootReply =
  /** At a clean boundary: ready for invocations. */
  | { readonly state: "ready"; readonly entriesReplayed: number }
  /** An invocation is unfinished; `proceed` lets it go on live. `failure`: its initialization has thrown. */
  | { readonly state: "open"; readonly entriesReplayed: number; readonly failure?: ErrorData }
  | { readonly state: "refused"; readonly error: ErrorData }
  | {
      readonly state: "diverged";
      readonly entriesReplayed: number;
      readonly divergence: Divergence;
    };

/**
 * An entry on its way to the oplog. Its index is not known yet, so a call is known by `ref`, a
 * negative number; `start` in an `End` or `Cancelled` is such a ref, or the index of a call that
 * was claimed from the record.
 */
export interface LiveRecord {
  readonly entry: Entry;
  readonly ref?: number;
}

/** One invocation to run. `pendingIndex` is 0 while its request is not in the oplog. */
export interface InvocationCall {
  readonly idempotencyKey: string;
  readonly pendingIndex: number;
  readonly method: string;
  readonly args: Payload;
  readonly seed: string;
}

export type RunReply =
  | { readonly state: "finished"; readonly records: readonly LiveRecord[] }
  /** The code waits for nothing that is near: the instance can be dropped until `until`. */
  | {
      readonly state: "suspended";
      readonly records: readonly LiveRecord[];
      /** Absent when it waits for promises only. */
      readonly until?: number;
      /** The promises that may end the wait. */
      readonly awaits: readonly string[];
    }
  /** The invocation asks to begin anew after `delayMs`; `attempt` tries were made, this one included. */
  | {
      readonly state: "retry";
      readonly records: readonly LiveRecord[];
      readonly error: ErrorData;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** The initialization has thrown. */
  | {
      readonly state: "failed";
      readonly records: readonly LiveRecord[];
      readonly error: ErrorData;
    };

export type SaveReply =
  | { readonly ok: true; readonly snapshot: SnapshotData }
  | { readonly ok: false; readonly error: ErrorData };

/** A call of a read-only method: it leaves no trace. */
export interface ReadCall {
  readonly idempotencyKey: string;
  readonly method: string;
  readonly args: Payload;
}

export interface ReadReply {
  readonly outcome: Outcome;
  /** The method has changed the instance, which therefore cannot be the agent any more. */
  readonly isSpoiled: boolean;
}

/** What the host can ask of an instance. */
export interface InstancePort {
  boot(host: HostPort, boot: Boot): Promise<BootReply>;
  /** Runs calls one after the other; `careful` commits the start of each before its code begins. */
  run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply>;
  /** Lets the unfinished invocation of an `open` instance go on live. */
  proceed(): Promise<RunReply>;
  /** With `isTrial` what the hook logs is not kept. */
  save(isTrial: boolean): Promise<SaveReply>;
  /** Answered beside an invocation, too: what it shows is committed by then. */
  read(call: ReadCall): Promise<ReadReply>;
  /** Lets the code of the running invocation hear that it is cancelled. */
  cancel(): Promise<void>;
}

/** A recorded body: as text where it is UTF-8. */
export type Body = { readonly text: string } | { readonly base64: string };

/** A request that an instance wants sent. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly redirect: "follow" | "manual" | "error";
}

export interface FetchResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly redirected: boolean;
}

export type EffectResult =
  | {
      readonly ok: true;
      readonly response: Payload;
      /** Of a binding: what it gave. The instance makes the payload of it, and `response` is `null`. */
      readonly value?: BindingValue;
    }
  | { readonly ok: false; readonly error: ErrorData };

/** What a call asks of a binding of the host. */
export interface BindingRequest {
  readonly name: string;
  readonly method: string;
  readonly input: BindingInput;
}

export interface BoundStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Arguments as they are; statements of D1 and requests to services whole. */
export type BindingInput =
  | readonly unknown[]
  | (BoundStatement & { readonly column?: string; readonly options?: object })
  | { readonly statements: readonly BoundStatement[] }
  | FetchRequest;

/** What a binding gave, as data: what is read but once has been read whole. */
export type BindingValue =
  | { readonly form: "plain"; readonly value: unknown }
  | { readonly form: "list"; readonly items: readonly BindingValue[] }
  | { readonly form: "members"; readonly members: Readonly<Record<string, BindingValue>> }
  | { readonly form: "stream"; readonly body: Body }
  | { readonly form: "response"; readonly response: FetchResponse }
  | { readonly form: "object"; readonly object: StoredObjectData };

/** An object of R2: `body` is there when its content was asked for and is given. */
export interface StoredObjectData {
  readonly members: Readonly<Record<string, unknown>>;
  readonly body?: Body;
}

/** What a call asks of another agent. */
export interface AgentMessage {
  readonly address: AgentAddress;
  readonly idempotencyKey: string;
  readonly content:
    | {
        readonly kind: "invoke";
        readonly method: string;
        readonly args: Payload;
        readonly mode: "await" | "enqueue";
        readonly scheduledFor?: number;
      }
    | { readonly kind: "complete"; readonly promiseId: string; readonly result: Payload };
}

/** What the host performs for a call. */
export interface Effect {
  readonly call:
    | "fetch"
    | "promise.await"
    | "promise.complete"
    | "agent.invoke"
    | "agent.enqueue"
    | "agent.schedule"
    | `binding.${string}`;
  readonly request: Payload;
  /** Whether the effect may be sent once more when its connection broke. */
  readonly repeatable: boolean;
  /** The policy by which it is; the default one without it. */
  readonly retry?: CallRetryPolicy;
  /** Whether it must not be sent again after a crash: then its outcome is unknown. */
  readonly once?: true;
  /** For calls that reach another agent. */
  readonly message?: AgentMessage;
  /** For calls of a binding. */
  readonly binding?: BindingRequest;
}

/** The effect of a recorded call, whose `Start` is known by the ref (or index) `start` and has the request. */
export interface EffectCall extends Omit<Effect, "request"> {
  readonly start: number;
}

/** A page of stored rows, undecoded; `next` is where the following page begins. */
export interface RecordPage {
  readonly rows: readonly (readonly [first: number, text: string])[];
  readonly next: number | null;
}

/** What an instance can ask of the host. */
export interface HostPort {
  /** Appends what the instance has done so far. */
  commit(records: readonly LiveRecord[]): Promise<void>;
  /** Appends `records`, then performs the effect of a call among them (or of one replayed). */
  perform(records: readonly LiveRecord[], call: EffectCall): Promise<EffectResult>;
  /** An effect for code whose calls are not recorded (a step's body, snapshot hooks). */
  performUnrecorded(effect: Effect, id: number): Promise<EffectResult>;
  /** The unrecorded effect of that id is not wanted any more. */
  abandon(id: number): Promise<void>;
  page(from: number, to: number): Promise<RecordPage>;
}
