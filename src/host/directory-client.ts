/** The directory over its shards' objects: what agents tell it, and what others read from it. */
import { persist } from "./persist.ts";
import { nameOf } from "../core/api/agent-name.ts";
import type { DirectoryEntry, Presence, ShardOperations } from "../core/api/directory.ts";
import type { AgentOperations } from "../core/api/operations.ts";
import { shardOf } from "../core/decide/directory.ts";
import { Directory } from "../runtime/fleet/directory.ts";
import type { Registry } from "../runtime/ports.ts";
import { reach } from "../transport/packing.ts";
import { configOf } from "./config.ts";
import type { Env } from "./env.ts";

/** Reads the directory. */
export function directoryOf(env: Env): Directory {
  const shard = (number: number): ShardOperations => env.DIRECTORY.getByName(String(number));
  return new Directory({
    shards: configOf(env).directoryShards,
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
  readonly #namespace: Env["DIRECTORY"];
  readonly #shards: number;

  constructor(namespace: Env["DIRECTORY"], shards: number) {
    this.#namespace = namespace;
    this.#shards = shards;
  }

  #shard(entry: DirectoryEntry): ShardOperations {
    return this.#namespace.getByName(String(shardOf(entry, this.#shards)));
  }

  enter(entry: DirectoryEntry): Promise<void> {
    return persist(() => this.#shard(entry).enter(entry));
  }

  leave(entry: DirectoryEntry): Promise<void> {
    return persist(() => this.#shard(entry).leave(entry));
  }
}
