/** Reads the oplog for those who look from outside, with bounded work for each request. */
import { hasText, isOfKinds } from "../../core/api/oplog-filter.ts";
import type { OplogRequest } from "../../core/api/operations.ts";
import { showEntry } from "../../core/api/show.ts";
import type { EntryView, OplogPage } from "../../core/api/views.ts";
import { decodeRow } from "../../core/oplog/codec.ts";
import type { Indexed } from "../../core/oplog/entry.ts";
import { PAGE_CHARACTERS } from "./journal.ts";
import type { AgentStore } from "../ports.ts";
import { openRich } from "./rich.ts";

/** Pages of the store that one request looks at: four million characters of entries. */
const PAGES = 8;

/** What entries are read from. */
export type EntryStore = Pick<AgentStore, "readPage" | "getSnapshot">;

function show(store: EntryStore, indexed: Indexed): EntryView {
  const isSnapshot = indexed.entry.kind === "Snapshot";
  const snapshot = isSnapshot ? store.getSnapshot(indexed.index) : undefined;
  return showEntry(indexed, snapshot, openRich);
}

/** The entries that are wanted; `next` also when the request has looked at enough without finding all. */
export function readOplog(
  store: EntryStore,
  lastIndex: number,
  { from, limit, ...filter }: OplogRequest,
): OplogPage {
  const entries: EntryView[] = [];
  let next: number | null = from > lastIndex ? null : from;
  for (let pages = 0; next !== null; pages++) {
    if (pages === PAGES) return { entries, lastIndex, next };
    const page = store.readPage(next, lastIndex, PAGE_CHARACTERS);
    for (const [first, text] of page.rows) {
      for (const indexed of decodeRow(first, text)) {
        const { index, entry } = indexed;
        if (index < from || index > lastIndex || !isOfKinds(filter, entry.kind)) continue;
        const shown = show(store, indexed);
        if (!hasText(filter, shown)) continue;
        if (entries.length === limit) return { entries, lastIndex, next: index };
        entries.push(shown);
      }
    }
    next = page.next;
  }
  return { entries, lastIndex };
}

/**
 * The entries after an index up to the last one, about a page of them. A snapshot ends it, for what
 * is shown of one may be large.
 */
export function readAfter(store: EntryStore, lastIndex: number, after: number): EntryView[] {
  const entries: EntryView[] = [];
  for (const [first, text] of store.readPage(after + 1, lastIndex, PAGE_CHARACTERS).rows) {
    for (const indexed of decodeRow(first, text)) {
      if (indexed.index <= after || indexed.index > lastIndex) continue;
      entries.push(show(store, indexed));
      if (indexed.entry.kind === "Snapshot") return entries;
    }
  }
  return entries;
}
