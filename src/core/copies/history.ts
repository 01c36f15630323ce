/** A history on its way from one agent to another: as it is asked for, and in which order it comes. */
import { accept, type Result } from "../errors.ts";
import { decodeRow } from "../oplog/codec.ts";
import type { Indexed } from "../oplog/entry.ts";
import type { RecordPage } from "../protocol.ts";
import type { Status } from "../status/status.ts";

/** Up to where a history is wanted: all there is now, or up to a cut (the last that there can be). */
export type Until = { readonly kind: "now" } | { readonly kind: "cut"; readonly at?: number };

/** What is to come. The source may go on meanwhile: what it has up to there never changes. */
export interface Departure {
  /** Whoever lives at the address later is another. */
  readonly incarnation: string;
  /** Index of the last entry. */
  readonly to: number;
  /** Indices of the snapshots that are stored; one that is collected meanwhile does not come. */
  readonly snapshots: readonly number[];
  /** The revisions that the history needs, lowest first. */
  readonly revisions: readonly number[];
}

/** An agent that gives its history away, a page at a time; it notices nothing. */
export interface HistorySource {
  depart(until: Until): Promise<Result<Departure>>;
  historyPage(departure: Departure, from: number): Promise<Result<RecordPage>>;
  /** Nothing when the snapshot was collected. */
  snapshotPayload(departure: Departure, index: number): Promise<Result<string | null>>;
}

/** Entries come in order, by what is stored together; then snapshots. */
export type Piece =
  | { readonly kind: "entries"; readonly entries: readonly Indexed[] }
  | { readonly kind: "snapshot"; readonly index: number; readonly payload: string };

/** Ends with a refusal when the source is gone. */
export async function* piecesOf(
  source: HistorySource,
  departure: Departure,
): AsyncGenerator<Result<Piece>> {
  for (let from: number | null = 1; from !== null;) {
    const page: Result<RecordPage> = await source.historyPage(departure, from);
    if (!page.ok) {
      yield page;
      return;
    }
    for (const [first, text] of page.value.rows) {
      const entries = decodeRow(first, text).filter(({ index }) => index <= departure.to);
      yield accept({ kind: "entries", entries });
    }
    from = page.value.next;
  }
  for (const index of departure.snapshots) {
    const payload = await source.snapshotPayload(departure, index);
    if (!payload.ok) {
      yield payload;
      return;
    }
    if (payload.value === null) continue;
    yield accept({ kind: "snapshot", index, payload: payload.value });
  }
}

/** Those that recovery, a revert and the updates that are open can come to. */
export function neededRevisions({ identity, pending, updates }: Status): readonly number[] {
  const queued = pending.flatMap(({ request }) =>
    request.type === "manual-update" ? [request.revision] : [],
  );
  const all = [...updates.pending, ...updates.successful, ...updates.failed];
  const found = new Set([
    identity.createdRevision,
    ...queued,
    ...all.map(({ revision }) => revision),
  ]);
  return [...found].toSorted((left, right) => left - right);
}
