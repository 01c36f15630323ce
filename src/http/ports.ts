import type { Door } from "../core/access/settings.ts";
import type { Caller } from "../core/access/token.ts";
import type { DirectoryOperations } from "../core/api/directory.ts";
import type {
  AgentOperations,
  CatalogOperations,
  ComponentOperations,
  Position,
} from "../core/api/operations.ts";
import type { RolloutOperations } from "../core/api/rollouts.ts";
import type { TokenOperations } from "../core/api/tokens.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { Result } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";

/** How callers are known. */
export interface AuthPorts {
  readonly door: Door;
  /** The caller with that token; nobody when it is unknown, wrong, revoked or expired. */
  callerOf(token: string): Promise<Caller | undefined>;
  /** The caller with that assertion of Cloudflare Access; absent where that is not configured. */
  readonly checkAssertion?: (assertion: string) => Promise<Result<Caller>>;
  /** Counts a request of a token; answers how many milliseconds too early it is. */
  take(limited: NonNullable<Caller["limited"]>): Promise<number>;
  /** Whose pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
}

/** What the router works on. Every call of a function gives a fresh stub. */
export interface Ports {
  agents(address: AgentAddress): AgentOperations;
  /** The answer that opens a WebSocket over which the agent sends its entries after a position. */
  listen(address: AgentAddress, position: Position): Promise<Response>;
  component(name: string): ComponentOperations;
  catalog(): CatalogOperations;
  directory(): DirectoryOperations;
  /** Those of a component. */
  rollouts(component: string): RolloutOperations;
  readonly auth: AuthPorts;
  readonly tokens: TokenOperations;
  readonly limits: Limits;
  /** Names of the variables of the Worker that are wrong. */
  readonly misconfigured: readonly string[];
  readonly version: string;
}
