/**
 * Where the history of a copy comes from. A copy is another agent from the entry after its cut on;
 * up to there it was the one that it was copied from, and its code must see that again in replay.
 */
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
