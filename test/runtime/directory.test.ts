/** http-api.md, the list of a component's agents: the agents are the truth, entries only lead to them. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type {
  AgentPlace,
  AgentsRequest,
  AgentSummary,
  MarkedPlace,
  PlacesRequest,
} from "../../src/core/api/directory.ts";
import { comparePlaces, shardOf } from "../../src/core/decide/directory.ts";
import { Directory } from "../../src/runtime/fleet/directory.ts";
import { announceSeed, checkAsync } from "../support/property.ts";

announceSeed();

const statuses = ["idle", "running", "failed"] as const;

function anAgent(number: number): AgentSummary {
  return {
    component: "shop",
    type: number % 3 === 0 ? "A" : "B",
    key: `k${String(number).padStart(4, "0")}`,
    status: statuses[number % 7 === 0 ? 2 : number % 2] ?? "idle",
    revision: 1 + (number % 2),
    createdAt: "2026-01-01T00:00:00.000Z",
  };
}

class FakeShard {
  readonly entries = new Map<string, MarkedPlace>();

  put({ type, key }: AgentPlace, mark = "1"): void {
    this.entries.set(`${type}/${key}`, { type, key, mark });
  }

  async places({ type, prefix = "", limit, after }: PlacesRequest) {
    return [...this.entries.values()]
      .filter((place) => type === undefined || place.type === type)
      .filter((place) => place.key.startsWith(prefix))
      .filter((place) => after === undefined || comparePlaces(after, place) < 0)
      .toSorted(comparePlaces)
      .slice(0, limit);
  }

  async strike(_: string, places: readonly MarkedPlace[]) {
    for (const { type, key, mark } of places) {
      const name = `${type}/${key}`;
      if (this.entries.get(name)?.mark === mark) this.entries.delete(name);
    }
  }
}

function aFleet(agents: readonly AgentSummary[], shards = 4) {
  const living = new Map(agents.map((agent) => [`${agent.type}/${agent.key}`, agent]));
  const all = Array.from({ length: shards }, () => new FakeShard());
  for (const agent of agents) all[shardOf(agent, shards)]?.put(agent);
  const coming = new Set<string>();
  const silent = new Set<string>();
  let asked = 0;
  const directory = new Directory({
    shards,
    shard: (number) => all[number] as FakeShard,
    presence: async ({ type, key }) => {
      asked += 1;
      const name = `${type}/${key}`;
      if (silent.has(name)) return undefined;
      const agent = living.get(name);
      if (agent !== undefined) return { state: "here", agent };
      return { state: coming.has(name) ? "coming" : "absent" };
    },
  });
  const entries = () => all.flatMap((shard) => [...shard.entries.keys()]);
  return { living, all, coming, silent, directory, entries, asked: () => asked };
}

async function allPages(directory: Directory, request: AgentsRequest) {
  const agents: AgentSummary[] = [];
  const sizes: number[] = [];
  let after: AgentPlace | undefined;
  do {
    const page = await directory.list({ ...request, ...(after === undefined ? {} : { after }) });
    agents.push(...page.agents);
    sizes.push(page.agents.length);
    after = page.after;
  } while (after !== undefined);
  return { agents, sizes };
}

describe("pages", () => {
  test("merge all shards in one order, and have a cursor only when there is more", async () => {
    const agents = Array.from({ length: 30 }, (_, number) => anAgent(number));
    const { directory } = aFleet(agents);
    const sorted = agents.toSorted(comparePlaces);
    for (const limit of [1, 7, 10, 29, 30, 31]) {
      const { agents: found, sizes } = await allPages(directory, { component: "shop", limit });
      expect(found).toEqual(sorted);
      expect(sizes).toHaveLength(Math.ceil(30 / limit));
    }
    expect(await directory.list({ component: "shop", limit: 30 })).not.toHaveProperty("after");
  });

  test("of any filter hold what fits it, for any set of agents and stale entries", async () => {
    const numbers = fc.uniqueArray(fc.nat(300), { maxLength: 60 });
    await checkAsync(
      fc.record({
        living: numbers,
        stale: numbers,
        limit: fc.integer({ min: 1, max: 20 }),
        shards: fc.integer({ min: 1, max: 5 }),
        status: fc.option(fc.constantFrom(...statuses), { nil: undefined }),
        revision: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
        type: fc.option(fc.constantFrom("A", "B", "C"), { nil: undefined }),
        prefix: fc.option(fc.constantFrom("k00", "k01", "k"), { nil: undefined }),
      }),
      async ({ living, stale, limit, shards, ...given }) => {
        const agents = living.map(anAgent);
        const { all, directory } = aFleet(agents, shards);
        for (const number of stale.filter((one) => !living.includes(one))) {
          all[number % shards]?.put(anAgent(number));
        }
        const filter = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as Partial<AgentsRequest>;
        const { status, revision, type, prefix = "" } = filter;
        const fitting = agents
          .filter((agent) => status === undefined || agent.status === status)
          .filter((agent) => revision === undefined || agent.revision === revision)
          .filter((agent) => type === undefined || agent.type === type)
          .filter((agent) => agent.key.startsWith(prefix))
          .toSorted(comparePlaces);
        const request = { component: "shop", limit, ...filter };
        expect((await allPages(directory, request)).agents).toEqual(fitting);
      },
      300,
    );
  });

  test("after the number of shards has grown, every agent is listed once wherever it is entered", async () => {
    const agents = Array.from({ length: 20 }, (_, number) => anAgent(number));
    const { all, directory } = aFleet(agents, 6);
    for (const agent of agents) all[shardOf(agent, 2)]?.put(agent);
    const { agents: found } = await allPages(directory, { component: "shop", limit: 7 });
    expect(found).toEqual(agents.toSorted(comparePlaces));
  });

  test("that few agents fit are short and have a cursor, so that a request has bounds", async () => {
    const agents = Array.from({ length: 2_500 }, (_, number) => ({
      ...anAgent(number),
      status: number === 2_400 ? ("failed" as const) : ("idle" as const),
    }));
    const { directory, asked } = aFleet(agents);
    const request = { component: "shop", limit: 10, status: "failed" } as const;
    const first = await directory.list(request);
    expect(asked()).toBeLessThan(2_100);
    expect(first.after).toBeDefined();
    const { agents: found } = await allPages(directory, request);
    expect(found.map(({ key }) => key)).toEqual(["k2400"]);
  });
});

describe("entries heal by themselves", () => {
  test("one without an agent is not shown, and is struck", async () => {
    const agents = [1, 2, 3].map(anAgent);
    const { living, directory, entries } = aFleet(agents);
    living.delete("B/k0002");
    const { agents: found } = await directory.list({ component: "shop", limit: 10 });
    expect(found.map(({ key }) => key).toSorted()).toEqual(["k0001", "k0003"]);
    expect(entries()).not.toContain("B/k0002");
    expect(entries()).toHaveLength(2);
  });

  test("one of an agent that is just being created is not shown, and stays", async () => {
    const { living, coming, directory, entries } = aFleet([anAgent(1)]);
    living.clear();
    coming.add("B/k0001");
    expect(await directory.list({ component: "shop", limit: 10 })).toEqual({ agents: [] });
    expect(entries()).toEqual(["B/k0001"]);
  });

  test("one that is written anew while its agent is asked stays", async () => {
    const { living, all, directory, entries } = aFleet([anAgent(1)], 1);
    living.clear();
    const listed = directory.list({ component: "shop", limit: 10 });
    // Between the question and the strike the address is created again.
    const [shard] = all as [FakeShard];
    const strike = shard.strike.bind(shard);
    shard.strike = async (component, places) => {
      shard.put(anAgent(1), "2");
      await strike(component, places);
    };
    await listed;
    expect(entries()).toEqual(["B/k0001"]);
  });

  test("an agent that cannot be asked is left out, and its entry stays", async () => {
    const { silent, directory, entries } = aFleet([anAgent(1), anAgent(2)]);
    silent.add("B/k0001");
    const { agents } = await directory.list({ component: "shop", limit: 10 });
    expect(agents.map(({ key }) => key)).toEqual(["k0002"]);
    expect(entries()).toHaveLength(2);
  });
});
