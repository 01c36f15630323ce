/** Takes snapshots: those that are due by the policy or asked for, and the one that a manual update hands over. */
import { thrownData } from "../../core/oplog/thrown.ts";
import type { SnapshotView } from "../../core/api/views.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { unsavedDetail } from "../../core/decide/update.ts";
import type { SnapshotData } from "../../core/oplog/entry.ts";
import type { SaveReply } from "../../core/protocol.ts";
import type { PendingInvocation } from "../../core/status/status.ts";
import type { Present } from "./present.ts";
import type { Session } from "./session.ts";

/** With `isTrial` the snapshot is not for keeping, nor is what the hook logs. */
export async function save(session: Session, isTrial = false): Promise<SaveReply> {
  try {
    return await session.save(isTrial);
  } catch (error) {
    return { ok: false, error: thrownData(error) };
  }
}

export class Snapshotting {
  readonly #present: Present;

  constructor(present: Present) {
    this.#present = present;
  }

  /** An instance whose save failed may be damaged: the next step works on a fresh one. */
  async takeAutomatic(session: Session): Promise<void> {
    const { ledger } = this.#present;
    const reply = await save(session);
    const { status } = ledger;
    if (session.isDropped || status === undefined) return;
    const at = this.#present.now;
    if (!reply.ok) {
      this.#present.holdSnapshots(status);
      this.#present.discard("the snapshot could not be saved");
      const message = `The automatic snapshot could not be saved: ${reply.error.message}`;
      ledger.append([{ kind: "Log", at, level: "error", message }]);
      return;
    }
    this.#store(session, reply.snapshot);
  }

  /** Takes one because someone asks for it. */
  async takeNow(session: Session): Promise<Result<SnapshotView>> {
    const reply = await save(session);
    if (session.isDropped || this.#present.ledger.status === undefined) {
      return refuse("not-snapshottable", "The instance was replaced meanwhile; ask again.");
    }
    if (reply.ok) return accept(this.#store(session, reply.snapshot));
    this.#present.discard("the snapshot could not be saved");
    const detail = `The snapshot could not be saved: ${reply.error.message}`;
    return refuse("not-snapshottable", detail);
  }

  #store({ revision }: Session, { payload, ...saved }: SnapshotData): SnapshotView {
    const { ledger, ports, now: at } = this.#present;
    let index = 0;
    ledger.appendWithCheckpoint({ kind: "Snapshot", at, revision, ...saved }, (first) => {
      index = first;
      ports.store.putSnapshot(first, payload);
      this.#collect();
    });
    return { index, mime: saved.mime, bytes: saved.bytes };
  }

  /** Saves on the old revision; from the `PendingUpdate` on, save is never repeated. */
  async saveForUpdate(
    session: Session,
    { request, at: requestedAt }: PendingInvocation,
  ): Promise<void> {
    if (request.type !== "manual-update") return;
    const { ledger, ports } = this.#present;
    const { updateId, revision } = request;
    const reply = await save(session);
    if (session.isDropped) return;
    const at = this.#present.now;
    if (!reply.ok) {
      this.#present.discard("the snapshot could not be saved");
      const detail = unsavedDetail(reply.error.message, session.revision);
      ledger.append([{ kind: "FailedUpdate", at, updateId, revision, detail }]);
      return;
    }
    const { mime, bytes, payload, version } = reply.snapshot;
    const update = { updateId, mode: "manual", revision, requestedAt, wake: true } as const;
    const saved = {
      snapshot: { mime, bytes },
      savedBy: session.revision,
      ...(version === undefined ? {} : { version }),
    };
    ledger.append([{ kind: "PendingUpdate", at, ...update, ...saved }], (first) =>
      ports.store.putSnapshot(first, payload),
    );
  }

  /** Drops automatic snapshots that have two newer ones. */
  #collect(): void {
    const { ledger, ports } = this.#present;
    const automatic = ports.store
      .snapshotIndices()
      .filter((index) => ledger.journal?.entry(index)?.kind !== "PendingUpdate");
    for (const index of automatic.slice(0, -2)) ports.store.dropSnapshot(index);
  }
}
