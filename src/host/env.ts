import type { ShardOperations } from "../core/api/directory.ts";
import type {
  AgentOperations,
  CatalogOperations,
  ComponentOperations,
} from "../core/api/operations.ts";
import type { RolloutOperations } from "../core/api/rollouts.ts";
import type { Packing } from "../transport/packing.ts";
import type { SocketHost } from "./agent-sockets.ts";

/**
 * A Durable Object namespace as far as Perdure uses it: stubs by name, seen as the operations of
 * their object.
 */
export interface ObjectNamespace<Operations> {
  getByName(name: string): Operations;
}

/** The bindings and variables of wrangler.toml. */
export interface Env {
  readonly AGENTS: ObjectNamespace<Packing<AgentOperations> & SocketHost>;
  readonly COMPONENTS: ObjectNamespace<ComponentOperations>;
  readonly CATALOG: ObjectNamespace<CatalogOperations>;
  readonly DIRECTORY: ObjectNamespace<ShardOperations>;
  readonly ROLLOUTS: ObjectNamespace<RolloutOperations>;
  readonly LOADER: WorkerLoader;
  /** `"true"`: answers without authentication when there is no token. */
  readonly PERDURE_LOCAL?: string;
  readonly PERDURE_TOKEN?: string;
  /** Which components may use which bindings of the host: JSON, as text or as a JSON variable. */
  readonly PERDURE_BINDINGS?: unknown;
  /** How isolates are loaded: `named` when deployed, `anonymous` on a single machine. */
  readonly PERDURE_LOADING?: string;
  /** How many objects the directory is spread over. It may grow, and never shrink. */
  readonly PERDURE_DIRECTORY_SHARDS?: string;
}
