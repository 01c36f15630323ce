/** Brings fresh instances to life: recovery of the agent, and trials of updates. Performs what `core/decide/recovery.ts` plans. */
import { thrownData } from "../../core/oplog/thrown.ts";
import type { DivergenceView } from "../../core/api/views.ts";
import type { RecoveryPlan } from "../../core/decide/recovery.ts";
import type { Entry, ErrorData, SnapshotData } from "../../core/oplog/entry.ts";
import {
  ISOLATE_IN_USE,
  type Boot,
  type BootReply,
  type InstanceIdentity,
} from "../../core/protocol.ts";
import { reportDivergence, type ReplayPurpose } from "../../core/replay/report.ts";
import type { Settings } from "../../core/settings.ts";
import type { Status } from "../../core/status/status.ts";
import { openRich } from "../books/rich.ts";
import type { Bindings, Components, Instances, Slot } from "../ports.ts";
import { Session, type SessionParts } from "./session.ts";

export interface RecoveryParts extends SessionParts {
  readonly components: Components;
  readonly instances: Instances;
  readonly bindings: Bindings;
  readonly settings: Settings;
}

/** A boot but for what is in force at its time. */
type BootPlan = Omit<Boot, "grants" | "settings">;

/**
 * A session that has booted, or why it has not. `isHostFault` marks failures that are not the code's;
 * `report` is there when the code diverged.
 */
export type Start =
  | {
      readonly ok: true;
      readonly session: Session;
      readonly reply: Extract<BootReply, { state: "ready" | "open" }>;
    }
  | {
      readonly ok: false;
      readonly error: ErrorData;
      readonly isHostFault: boolean;
      readonly entriesReplayed: number;
      readonly report?: DivergenceView;
    };

function identityOf({ identity }: Status, revision: number): InstanceIdentity {
  const { component, type, key, incarnation, createdAt, params, env, origin } = identity;
  return {
    component,
    type,
    key,
    incarnation,
    createdAt,
    revision,
    ...(params === undefined ? {} : { params }),
    ...(env === undefined ? {} : { env }),
    ...(origin === undefined ? {} : { origin }),
  };
}

function versionOf({ version }: { readonly version?: number }): { version?: number } {
  return version === undefined ? {} : { version };
}

function failed(error: ErrorData, isHostFault = false): Start {
  return { ok: false, error, isHostFault, entriesReplayed: 0 };
}

function diverged(
  { divergence, entriesReplayed }: Extract<BootReply, { state: "diverged" }>,
  purpose: ReplayPurpose,
): Start {
  const report = reportDivergence(divergence, purpose, openRich);
  const { message } = report;
  const error = { name: "Divergence", message, code: "divergence", details: { ...report } };
  return { ok: false, error, isHostFault: false, entriesReplayed, report };
}

/** Code that cannot be loaded or evaluated fails with this message of the platform. */
const CODE_DOES_NOT_START = /failed to start worker|no such module|has no such named|not exported/i;

export class Recovery {
  readonly #parts: RecoveryParts;
  /** Isolates of this agent that are known to have been used. */
  #attempt = 0;
  readonly #starting = new Set<Session>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Drops instances that are being started to be the agent: their starts fail. */
  abandon(reason: string): void {
    for (const session of this.#starting) if (session.slot !== "aside") session.drop(reason);
  }

  /** The automatic snapshot to recover from, when it was collected: a revert may lead back to one. */
  missing({ snapshots: { lastAutomatic } }: Status): readonly number[] {
    if (lastAutomatic === null) return [];
    return this.#parts.store.snapshotIndices().includes(lastAutomatic) ? [] : [lastAutomatic];
  }

  /** The snapshot that an entry holds, and the revision that saved it. */
  #snapshot(index: number, status: Status): Boot["base"] {
    const entry: Entry | undefined = this.#parts.ledger.journal?.entry(index);
    const payload = this.#parts.store.getSnapshot(index);
    if (payload === undefined) return undefined;
    if (entry?.kind === "Snapshot") {
      const { mime, bytes, revision } = entry;
      return { snapshot: { mime, bytes, payload, ...versionOf(entry) }, revision };
    }
    if (entry?.kind !== "PendingUpdate" || entry.snapshot === undefined) return undefined;
    const { mime, bytes } = entry.snapshot;
    const snapshot: SnapshotData = { mime, bytes, payload, ...versionOf(entry) };
    return { snapshot, revision: entry.savedBy ?? status.revision };
  }

  /** Boots an instance by the plan in a slot. Nothing is written. */
  async start(status: Status, plan: RecoveryPlan, slot: Slot): Promise<Start> {
    const base = plan.base.kind === "none" ? undefined : this.#snapshot(plan.base.index, status);
    if (plan.base.kind !== "none" && base === undefined) {
      return failed({ name: "Error", message: `The snapshot at ${plan.base.index} is not there.` });
    }
    const identity = identityOf(status, plan.revision);
    const { from, to, skipped, lenientTo, isTrial } = plan;
    const boot = { identity, from, to, skipped, lenientTo, ...(base && { base }) };
    const purpose = { presentRevision: status.revision, replayedRevision: plan.revision, isTrial };
    return this.#start(boot, slot, purpose);
  }

  /** Boots an instance of a revision from a snapshot that is in no oplog. Nothing is written. */
  async load(
    status: Status,
    revision: number,
    base: NonNullable<Boot["base"]>,
    slot: Slot,
  ): Promise<Start> {
    const to = status.lastIndex;
    const identity = identityOf(status, revision);
    // The snapshot would be the next entry.
    const boot = { identity, base, from: to + 2, to, skipped: [], lenientTo: 0 };
    const purpose = { presentRevision: status.revision, replayedRevision: revision, isTrial: true };
    return this.#start(boot, slot, purpose);
  }

  async #start(boot: BootPlan, slot: Slot, purpose: ReplayPurpose): Promise<Start> {
    for (;;) {
      const start = await this.#boot(boot, slot, purpose);
      if (start.ok || start.error.code !== ISOLATE_IN_USE) return start;
      this.#attempt += 1;
    }
  }

  async #boot(boot: BootPlan, slot: Slot, purpose: ReplayPurpose): Promise<Start> {
    const { component, revision } = boot.identity;
    let session: Session | undefined;
    try {
      const { components, instances, bindings, settings } = this.#parts;
      const code = await components.code(component, revision);
      const handle = instances.start(slot, code, boot.identity, this.#attempt);
      const grants = bindings.grants(component, code.source.bindings ?? []);
      session = new Session(slot, revision, handle, this.#parts, grants);
      this.#starting.add(session);
      const reply = await session.boot({ ...boot, grants, settings });
      if (reply.state === "ready" || reply.state === "open") return { ok: true, session, reply };
      session.drop("the instance could not be brought to the agent's state");
      return reply.state === "diverged" ? diverged(reply, purpose) : failed(reply.error);
    } catch (error) {
      session?.drop("the instance did not start");
      const data = thrownData(error);
      return failed(data, !CODE_DOES_NOT_START.test(data.message));
    } finally {
      if (session !== undefined) this.#starting.delete(session);
    }
  }
}
