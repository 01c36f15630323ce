import type { AgentSummary } from "../../../src/core/api/directory.ts";
import type { RolloutView } from "../../../src/core/api/rollouts.ts";
import type { Server } from "./api.ts";
import { until } from "./until.ts";

const AT_ONCE = 16;

/** Does the work for every item, some of them at the same time. */
export async function forEach<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) await work(item);
  });
  await Promise.all(workers);
}

/** `count` keys in the order in which they are listed. */
export function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `k${String(at).padStart(4, "0")}`);
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** All agents of one component, of the type `Box`. */
export class FleetClient {
  readonly #server: Server;
  readonly #component: string;

  constructor(server: Server, component: string) {
    this.#server = server;
    this.#component = component;
  }

  #url(key: string): string {
    return `${this.#server.url}/v1/agents/${this.#component}/Box/${key}`;
  }

  /** Uploads code whose agents share an isolate: many of them start at once. */
  async publish(code: string): Promise<void> {
    const url = `${this.#server.url}/v1/components/${this.#component}/revisions`;
    const source = { main: "box.js", modules: { "box.js": code }, isolation: "shared" };
    const headers = { "content-type": "application/json" };
    await read(
      await this.#server.fetch(url, { method: "POST", headers, body: JSON.stringify(source) }),
    );
  }

  /** Throws when the connection breaks. */
  async create(key: string): Promise<void> {
    await read(await this.#server.fetch(this.#url(key), { method: "PUT" }));
  }

  async delete(key: string): Promise<void> {
    const response = await this.#server.fetch(this.#url(key), { method: "DELETE" });
    await response.arrayBuffer();
  }

  /** What the agents say themselves. */
  async exist(keys: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    await forEach(keys, async (key) => {
      const response = await this.#server.fetch(this.#url(key));
      await response.arrayBuffer();
      if (response.status === 200) found.push(key);
    });
    return found.toSorted();
  }

  /** The keys of all agents in the list. */
  async listed(query = ""): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const path = `/v1/agents/${this.#component}?limit=300${query}`;
      const next = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: { agents: readonly AgentSummary[]; cursor?: string } = await read(
        await this.#server.fetch(`${this.#server.url}${path}${next}`),
      );
      keys.push(...page.agents.map(({ key }) => key));
      cursor = page.cursor;
    }
    return keys;
  }

  #rollouts(path: string): string {
    return `${this.#server.url}/v1/components/${this.#component}/rollouts${path}`;
  }

  async startRollout(settings: object): Promise<string> {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(settings),
    };
    const { id } = await read<RolloutView>(await this.#server.fetch(this.#rollouts(""), init));
    return id;
  }

  async rollout(id: string): Promise<RolloutView> {
    return read(await this.#server.fetch(this.#rollouts(`/${id}`)));
  }

  async command(id: string, command: "pause" | "resume" | "cancel"): Promise<RolloutView> {
    return read(await this.#server.fetch(this.#rollouts(`/${id}/${command}`), { method: "POST" }));
  }

  /** The rollout once it is as it should be. */
  rolloutWhen(
    what: string,
    id: string,
    holds: (rollout: RolloutView) => boolean,
  ): Promise<RolloutView> {
    const ask = async () => {
      const view = await this.rollout(id);
      return holds(view) ? view : undefined;
    };
    return until(`the rollout ${what}`, ask, 120_000);
  }
}
