/** Which entries of an oplog are wanted: by their kinds, and by a text in them. */
import type { EntryKind } from "../oplog/entry.ts";
import type { EntryView } from "./views.ts";

export { entryKinds } from "../oplog/codec.ts";

export interface OplogFilter {
  /** Entries of any of these kinds; all when absent. */
  readonly kinds?: readonly string[];
  /** Entries that have this text anywhere as they are shown, in whatever case. */
  readonly q?: string;
}

export function isOfKinds({ kinds }: OplogFilter, kind: EntryKind): boolean {
  return kinds === undefined || kinds.includes(kind);
}

/** Whether the text is in the entry: in a member as it is, or across members as they stand in JSON. */
export function hasText({ q }: OplogFilter, entry: EntryView): boolean {
  if (q === undefined) return true;
  const shown = JSON.stringify(entry).toLowerCase();
  const wanted = q.toLowerCase();
  return shown.includes(wanted) || shown.includes(JSON.stringify(wanted).slice(1, -1));
}
