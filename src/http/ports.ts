import type { DirectoryOperations } from "../core/api/directory.ts";
import type {
  AgentOperations,
  CatalogOperations,
  ComponentOperations,
} from "../core/api/operations.ts";
import type { RolloutOperations } from "../core/api/rollouts.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { Limits } from "../core/limits.ts";

/** Who may call: holders of the token; without one, anybody, but only in local development. */
export interface AuthSettings {
  readonly local: boolean;
  readonly token?: string;
}

/** What the router works on. Every call of a function gives a fresh stub. */
export interface Ports {
  agents(address: AgentAddress): AgentOperations;
  component(name: string): ComponentOperations;
  catalog(): CatalogOperations;
  directory(): DirectoryOperations;
  /** Those of a component. */
  rollouts(component: string): RolloutOperations;
  readonly auth: AuthSettings;
  readonly limits: Limits;
  readonly version: string;
}
