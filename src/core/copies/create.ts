/** With what the history of a copy begins: the `Create` of its source, and what tells the two apart. */
import type { Create } from "../oplog/entry.ts";
import { keyAt, type Origin } from "../oplog/origin.ts";

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
