/** Agents of many kinds, and what the list of them must be: the books that a test keeps by itself. */
import type { AgentSummary } from "../../../src/core/api/directory.ts";
import type { AgentStatusName } from "../../../src/core/api/views.ts";

/** An agent as it is to be. */
export interface Member {
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly status: AgentStatusName;
}

/** A filter of the list; what is left out fits all. */
export interface Filter {
  readonly type?: string;
  readonly status?: string;
  readonly revision?: number;
  readonly prefix?: string;
}

/** Types without an initialization run no code when they are created. */
export const TYPES = ["Cart", "Order", "Rest"] as const;

export const PREFIXES = ["eu/", "us-", "ключ ", "日本-", "🦊", "\u{10FFFF}", "%2F&?#"] as const;

/** Rare kinds, each by what its agents come to. */
const RARE = { failed: "Broken", suspended: "Rest", interrupted: "Rest" } as const;
const RARE_EVERY = 50;

function rareAt(at: number): keyof typeof RARE | undefined {
  const kinds = Object.keys(RARE) as (keyof typeof RARE)[];
  return at % RARE_EVERY < kinds.length ? kinds[at % RARE_EVERY] : undefined;
}

/** The members `from` to `to`, the same ones each time: every type with every prefix and revision. */
export function members(from: number, to: number): readonly Member[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const at = from + offset;
    const status = rareAt(at) ?? "idle";
    const type = status === "idle" ? (TYPES[at % TYPES.length] ?? "") : RARE[status];
    const prefix = PREFIXES[at % PREFIXES.length] ?? "";
    const revision = at % 5 === 0 ? 2 : 1;
    return { type, key: `${prefix}${(at * 7_919) % 10_007}`, revision, status };
  });
}

export function nameOf({ type, key }: Pick<Member, "type" | "key">): string {
  return `${type}/${key}`;
}

/** By type, then by the code points of the key: as UTF-8 compares. */
function compare(left: Member, right: Member): number {
  if (left.type !== right.type) return left.type < right.type ? -1 : 1;
  return Buffer.compare(Buffer.from(left.key), Buffer.from(right.key));
}

/** One line for each agent, as it is compared. */
export function lineOf({ type, key, status, revision }: Member | AgentSummary): string {
  return `${nameOf({ type, key })} ${status} r${revision}`;
}

/** Which agents there are. */
export class Books {
  readonly #members = new Map<string, Member>();

  add(member: Member): void {
    this.#members.set(nameOf(member), member);
  }

  remove(member: Member): void {
    this.#members.delete(nameOf(member));
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: Pick<Member, "type" | "key">): boolean {
    return this.#members.has(nameOf(member));
  }

  /** The lines of the list with that filter, in its order. */
  lines({ type, status, revision, prefix = "" }: Filter = {}): readonly string[] {
    return [...this.#members.values()]
      .filter((member) => type === undefined || member.type === type)
      .filter((member) => status === undefined || member.status === status)
      .filter((member) => revision === undefined || member.revision === revision)
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted(compare)
      .map(lineOf);
  }
}
