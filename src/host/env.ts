import type { ShardOperations } from "../core/api/directory.ts";
import type {
  AgentOperations,
  CatalogOperations,
  ComponentOperations,
} from "../core/api/operations.ts";
import type { RolloutOperations } from "../core/api/rollouts.ts";
import type { RateOperations, TokenStoreOperations } from "../core/api/tokens.ts";
import type { Packing } from "../transport/packing.ts";
import type { SocketHost } from "./agent-sockets.ts";

/**
 * A Durable Object namespace as far as Perdure uses it: stubs by name, seen as the operations of
 * their object.
 */
export interface ObjectNamespace<Operations> {
  getByName(name: string): Operations;
}

/** The bindings of wrangler.toml; its variables are read in `config.ts`. */
export interface Env {
  readonly AGENTS: ObjectNamespace<Packing<AgentOperations> & SocketHost>;
  readonly COMPONENTS: ObjectNamespace<ComponentOperations>;
  readonly CATALOG: ObjectNamespace<CatalogOperations>;
  readonly DIRECTORY: ObjectNamespace<ShardOperations>;
  readonly ROLLOUTS: ObjectNamespace<RolloutOperations>;
  readonly TOKENS: ObjectNamespace<TokenStoreOperations>;
  /** One object for each token that has a rate limit. */
  readonly RATES: ObjectNamespace<RateOperations>;
  readonly LOADER: WorkerLoader;
}
