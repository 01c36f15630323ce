/**
 * Sub-fold: durable promises. An id is drawn when the promise is created, so it stands in the `End`
 * of `promise.create`. Nothing in a skipped region counts: a promise that was created in one is not
 * known any more.
 */
import type { Entry, Indexed, PromiseCompleted } from "../oplog/entry.ts";
import type { Region } from "../oplog/regions.ts";
import type { PromiseState } from "./status.ts";

/** The call that creates a promise. */
export const CREATE_PROMISE = "promise.create";
/** The call that waits for one. */
export const AWAIT_PROMISE = "promise.await";

type Promises = readonly PromiseState[];

/** The promise that is being created: its `End` follows at once. */
function isCreating(promises: Promises, start: number): boolean {
  return promises.at(-1)?.start === start;
}

/** Whether a call says something of a promise: the fold passes over all others. */
export function isOfPromise(promises: Promises, entry: Entry): boolean {
  if (entry.kind === "End") return isCreating(promises, entry.start);
  return entry.kind === "Start" && (entry.call === CREATE_PROMISE || entry.call === AWAIT_PROMISE);
}

/** The promise with that id. */
export function findPromise(promises: Promises, id: string): PromiseState | undefined {
  return promises.find((known) => known.id === id);
}

function change(
  promises: Promises,
  which: (promise: PromiseState) => boolean,
  changed: Partial<PromiseState>,
): Promises {
  const position = promises.findIndex(which);
  const found = promises[position];
  return found === undefined ? promises : promises.with(position, { ...found, ...changed });
}

/** The first completion wins; one of a promise that is not known says nothing. */
function complete(promises: Promises, index: number, { promiseId }: PromiseCompleted): Promises {
  const isOpen = ({ id, completed }: PromiseState): boolean =>
    id === promiseId && completed === undefined;
  return change(promises, isOpen, { completed: index });
}

/**
 * Indices of completions that a jump over `region` would hide, though their promises stay: they are
 * appended again after it, for whoever completed them was told so.
 */
export function completionsIn(promises: Promises, [from, to]: Region): readonly number[] {
  return promises.flatMap(({ start, completed }) =>
    completed !== undefined && start < from && completed >= from && completed <= to
      ? [completed]
      : [],
  );
}

/** Folds an entry that lies in no skipped region. */
export function evolvePromises(promises: Promises, { index, entry }: Indexed): Promises {
  switch (entry.kind) {
    case "Start": {
      if (entry.call === CREATE_PROMISE) return [...promises, { start: index }];
      if (entry.call !== AWAIT_PROMISE || entry.request === undefined) return promises;
      const { id } = JSON.parse(entry.request) as { readonly id: string };
      return change(promises, (known) => known.id === id, { isAwaited: true });
    }
    case "End": {
      if (entry.response === undefined || !isCreating(promises, entry.start)) return promises;
      const id = JSON.parse(entry.response) as string;
      return change(promises, ({ start }) => start === entry.start, { id });
    }
    case "PromiseCompleted":
      return complete(promises, index, entry);
    default:
      return promises;
  }
}
