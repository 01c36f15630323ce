/** Lists invocations, newest first, with bounded work for each request. */
import type { InvocationsRequest } from "../../core/api/operations.ts";
import type { InvocationsPage, InvocationView } from "../../core/api/views.ts";
import { decodeRow } from "../../core/oplog/codec.ts";
import { INITIALIZATION_KEY, type Status } from "../../core/status/status.ts";
import { PAGE_CHARACTERS } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { AgentStore } from "../ports.ts";

/** Pages of the store that one request looks at: four million characters of entries. */
const PAGES = 8;

/** A request for a method call; one without a key only says how far the search has come. */
interface Candidate {
  readonly index: number;
  readonly key?: string;
}

/** What has not ended is in the status: however old it is, finding it needs no search. */
function openCalls({ pending, current }: Status, wanted: string): Candidate[] {
  if (wanted === "running") {
    const isCall = current !== undefined && current.idempotencyKey !== INITIALIZATION_KEY;
    return isCall ? [{ index: current.pendingIndex, key: current.idempotencyKey }] : [];
  }
  return pending
    .filter(
      ({ request, scheduledFor }) =>
        request.type === "method" && (wanted === "pending" || scheduledFor !== undefined),
    )
    .map(({ index, idempotencyKey: key }) => ({ index, key }))
    .sort((one, other) => other.index - one.index);
}

function* allCalls(store: AgentStore, before: number): Iterable<Candidate> {
  let from: number | null = before - 1;
  for (let pages = 0; from !== null && from > 0; pages++) {
    if (pages === PAGES) {
      yield { index: from + 1 };
      return;
    }
    const page = store.readPageBack(from, PAGE_CHARACTERS);
    for (const [first, text] of page.rows) {
      for (const { index, entry } of decodeRow(first, text).reverse()) {
        if (index >= before || entry.kind !== "PendingAgentInvocation") continue;
        if (entry.invocation.type === "method") yield { index, key: entry.idempotencyKey };
      }
    }
    from = page.next;
  }
}

const OPEN: ReadonlySet<string> = new Set(["scheduled", "pending", "running"]);

function candidates(
  store: AgentStore,
  status: Status,
  wanted: string | undefined,
  before: number,
): Iterable<Candidate> {
  if (wanted === undefined || !OPEN.has(wanted)) return allCalls(store, before);
  return openCalls(status, wanted).filter(({ index }) => index < before);
}

/** `before` is given also when the request has looked at enough without finding all. */
export function listInvocations(
  ledger: Ledger,
  store: AgentStore,
  { limit, status: wanted, before }: InvocationsRequest,
): InvocationsPage {
  const { status } = ledger;
  if (status === undefined) return { invocations: [] };
  const end = Math.min(before ?? Number.MAX_SAFE_INTEGER, status.lastIndex + 1);
  const invocations: InvocationView[] = [];
  let last = end;
  for (const { index, key } of candidates(store, status, wanted, end)) {
    if (key === undefined) return { invocations, before: index };
    const shown = ledger.invocationAt(index, key);
    if (shown === undefined || (wanted !== undefined && shown.status !== wanted)) continue;
    if (invocations.length === limit) return { invocations, before: last };
    invocations.push(shown);
    last = index;
  }
  return { invocations };
}
