/** The directory over its shards' objects: what agents tell it, and what others read from it. */
import { persist } from "./persist.ts";
import { nameOf } from "../core/api/agent-name.ts";
import type { DirectoryEntry, Presence, ShardOperations } from "../core/api/directory.ts";
import type { AgentOperations } from "../core/api/operations.ts";
import { shardOf } from "../core/decide/directory.ts";
import { Directory } from "../runtime/fleet/directory.ts";
import type { Registry } from "../runtime/ports.ts";
import { reach } from "../transport/packing.ts";
import type { Env } from "./env.ts";

const DEFAULT_SHARDS = 4;

type Bindings = Pick<Env, "AGENTS" | "DIRECTORY" | "PERDURE_DIRECTORY_SHARDS">;

function shardsOf({ PERDURE_DIRECTORY_SHARDS: text }: Bindings): number {
  const count = Number(text || DEFAULT_SHARDS);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`PERDURE_DIRECTORY_SHARDS is ${text}: set it to a whole number from 1.`);
}

/** Reads the directory. */
export function directoryOf(env: Bindings): Directory {
  const shard = (number: number): ShardOperations => env.DIRECTORY.getByName(String(number));
  return new Directory({
    shards: shardsOf(env),
    shard: (number) => ({
      places: (request) => persist(() => shard(number).places(request)),
      strike: (component, places) => persist(() => shard(number).strike(component, places)),
    }),
    async presence(address): Promise<Presence | undefined> {
      try {
        return await persist(() =>
          reach<AgentOperations>(env.AGENTS.getByName(nameOf(address))).presence(),
        );
      } catch (error) {
        console.error(`agent ${nameOf(address)} could not be asked`, error);
        return undefined;
      }
    },
  });
}

/** Tells the directory of one agent's coming and going. */
export class DirectoryClient implements Registry {
  readonly #env: Bindings;

  constructor(env: Bindings) {
    this.#env = env;
  }

  #shard(entry: DirectoryEntry): ShardOperations {
    return this.#env.DIRECTORY.getByName(String(shardOf(entry, shardsOf(this.#env))));
  }

  enter(entry: DirectoryEntry): Promise<void> {
    return persist(() => this.#shard(entry).enter(entry));
  }

  leave(entry: DirectoryEntry): Promise<void> {
    return persist(() => this.#shard(entry).leave(entry));
  }
}
