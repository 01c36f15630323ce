/**
 * Where the history of a copy comes from. A copy is another agent from the entry after its cut on;
 * up to there it was the one that it was copied from, and its code must see that again in replay.
 */
import type { Create } from "./entry.ts";

/** Here an agent became another one. */
export interface Fork {
  /** The last entry that the two have in common. */
  readonly to: number;
  /** The key of the agent up to there. */
  readonly key: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Tells the writes of the copy from those of the source: the incarnation that it began with. */
  readonly branch: string;
}

export interface Origin {
  /** The incarnation in which the history began: what constructors draw derives from it. */
  readonly incarnation: string;
  /** Oldest first, each after the one before; none when the agent has moved only. */
  readonly forks: readonly Fork[];
}

/** What tells who an agent was at some place of its history. */
export interface Descent {
  readonly key: string;
  readonly origin?: Origin;
}

/** The agent's key where the entry at `index` comes next. */
export function keyAt({ key, origin }: Descent, index: number): string {
  return origin?.forks.find(({ to }) => index <= to)?.key ?? key;
}

/** What the keys of writes have in them where the entry at `index` comes next; nothing before any fork. */
export function branchAt({ origin }: Descent, index: number): string {
  const fork = origin?.forks.findLast(({ to }) => to < index);
  return fork === undefined ? "" : `/${fork.branch}`;
}

/** The `Create` of a copy of the agent `source`, up to the entry `to`. */
export function forkedCreate(
  source: Create,
  copy: { readonly key: string; readonly incarnation: string; readonly parent: string },
  cut: { readonly to: number; readonly at: number },
): Create {
  const { incarnation, forks } = originOf(source);
  // What the source became after the cut, the copy has never been.
  const shared = forks.filter(({ to }) => to < cut.to);
  const fork = { ...cut, key: keyAt(source, cut.to), branch: copy.incarnation };
  return { ...source, ...copy, origin: { incarnation, forks: [...shared, fork] } };
}

/** The `Create` of an agent that lives on elsewhere: all but its incarnation stays. */
export function movedCreate(source: Create, incarnation: string): Create {
  return { ...source, incarnation, origin: originOf(source) };
}

function originOf({ origin, incarnation }: Create): Origin {
  return origin ?? { incarnation, forks: [] };
}
