/**
 * Lists agents. The shards say which agents there may be: every agent is entered before it is
 * written, so none is missing. Whether an agent is there, and what it is now, it says itself; an
 * entry without an agent is struck. So a list is exact at the moment each agent answers.
 */
import type {
  AgentPlace,
  AgentsPage,
  AgentsRequest,
  AgentSummary,
  DirectoryOperations,
  MarkedPlace,
  Presence,
  ShardOperations,
} from "../../core/api/directory.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import { comparePlaces } from "../../core/decide/directory.ts";

/** Agents asked for one page at most: a filter that few agents fit gives a short page with a cursor. */
const ASKED_FOR_A_PAGE = 2_000;
/** Agents asked at the same time. */
const AT_ONCE = 64;

export interface DirectoryParts {
  readonly shards: number;
  shard(number: number): Pick<ShardOperations, "places" | "strike">;
  /** Undefined when its object cannot be reached. */
  presence(address: AgentAddress): Promise<Presence | undefined>;
}

/** One place, and the shards that have it: more than one after their number has grown. */
interface Candidate extends AgentPlace {
  readonly marks: (readonly [shard: number, mark: string])[];
}

interface Candidates {
  readonly found: readonly Candidate[];
  readonly isLast: boolean;
}

function fits(agent: AgentSummary, { status, revision }: AgentsRequest): boolean {
  if (status !== undefined && agent.status !== status) return false;
  return revision === undefined || agent.revision === revision;
}

export class Directory implements DirectoryOperations {
  readonly #parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async list(request: AgentsRequest): Promise<AgentsPage> {
    const { limit } = request;
    const agents: AgentSummary[] = [];
    let { after } = request;
    for (let asked = 0; ;) {
      const few = limit + 1 - agents.length;
      const isFiltered = request.status !== undefined || request.revision !== undefined;
      const wanted = Math.min(isFiltered ? Math.max(few, AT_ONCE) : few, 1_000);
      const { found, isLast } = await this.#candidates(request, wanted, after);
      agents.push(...(await this.#present(request, found)));
      const last = agents[limit - 1];
      if (agents.length > limit && last !== undefined) {
        return { agents: agents.slice(0, limit), after: { type: last.type, key: last.key } };
      }
      if (isLast) return { agents };
      const { type, key } = found.at(-1) as Candidate;
      after = { type, key };
      asked += found.length;
      if (asked >= ASKED_FOR_A_PAGE) return { agents, after };
    }
  }

  /** The next places of all shards, in order. */
  async #candidates(
    { component, type, prefix }: AgentsRequest,
    limit: number,
    after: AgentPlace | undefined,
  ): Promise<Candidates> {
    const filter = {
      component,
      limit,
      ...(type === undefined ? {} : { type }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    };
    const numbers = Array.from({ length: this.#parts.shards }, (_, number) => number);
    const lists = await Promise.all(
      numbers.map((number) => this.#parts.shard(number).places(filter)),
    );
    const merged = mergePlaces(lists);
    const isLast = merged.length <= limit && lists.every(({ length }) => length < limit);
    return { found: merged.slice(0, limit), isLast };
  }

  async #present(
    request: AgentsRequest,
    candidates: readonly Candidate[],
  ): Promise<readonly AgentSummary[]> {
    const { component } = request;
    const answers = await this.#ask(component, candidates);
    const gone = candidates.filter((_, at) => answers[at]?.state === "absent");
    await this.#strike(component, gone);
    return answers.flatMap((presence) =>
      presence?.state === "here" && fits(presence.agent, request) ? [presence.agent] : [],
    );
  }

  /** What each of them says of itself, in their order; one that is slow holds up no other. */
  async #ask(
    component: string,
    candidates: readonly Candidate[],
  ): Promise<readonly (Presence | undefined)[]> {
    const answers = Array.from<Presence | undefined>({ length: candidates.length });
    const rest = candidates.entries();
    const asking = async (): Promise<void> => {
      for (const [at, { type, key }] of rest) {
        answers[at] = await this.#parts.presence({ component, type, key });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, candidates.length) }, asking));
    return answers;
  }

  async #strike(component: string, gone: readonly Candidate[]): Promise<void> {
    const byShard = new Map<number, MarkedPlace[]>();
    for (const { type, key, marks } of gone) {
      for (const [shard, mark] of marks) {
        byShard.set(shard, [...(byShard.get(shard) ?? []), { type, key, mark }]);
      }
    }
    await Promise.all(
      [...byShard].map(([shard, places]) => this.#parts.shard(shard).strike(component, places)),
    );
  }
}

function mergePlaces(lists: readonly (readonly MarkedPlace[])[]): readonly Candidate[] {
  const all = lists.flatMap((places, shard) =>
    places.map(({ type, key, mark }): Candidate => ({ type, key, marks: [[shard, mark]] })),
  );
  const merged: Candidate[] = [];
  for (const candidate of all.toSorted(comparePlaces)) {
    const last = merged.at(-1);
    if (last !== undefined && comparePlaces(last, candidate) === 0) {
      last.marks.push(...candidate.marks);
    } else merged.push(candidate);
  }
  return merged;
}
