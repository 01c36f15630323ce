/** Snapshots as they are read from outside. */
import { showPayload } from "../../core/api/show.ts";
import type { SnapshotContent } from "../../core/api/views.ts";
import { snapshotMime } from "../../core/decide/snapshot.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { richText } from "../../core/oplog/payload.ts";
import type { Journal } from "./journal.ts";
import type { AgentStore } from "../ports.ts";
import { openRich } from "./rich.ts";

/** What the snapshot at an index holds; what JSON cannot say comes out as close to it as it can. */
export function storedSnapshot(
  journal: Journal,
  store: AgentStore,
  index: number,
): Result<SnapshotContent> {
  const { status } = journal;
  const entry = index > status.lastIndex ? undefined : journal.entry(index);
  const mime = snapshotMime(status, index, entry);
  const payload = mime === undefined ? undefined : store.getSnapshot(index);
  if (mime === undefined || payload === undefined) {
    return refuse(
      "snapshot-not-found",
      `There is no snapshot at ${index}; GET …/oplog?kind=Snapshot lists them, those that are collected are gone.`,
    );
  }
  if (mime !== "application/json") return accept({ mime, base64: payload });
  const isPlain = richText(payload) === undefined;
  const text = isPlain ? payload : JSON.stringify(showPayload(payload, openRich));
  return accept({ mime, text });
}
