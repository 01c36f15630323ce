/** The directory as others see it: which agents a component has. */
import type { AgentAddress, AgentStatusName } from "./views.ts";

/** One agent in a list. */
export interface AgentSummary extends AgentAddress {
  readonly status: AgentStatusName;
  readonly revision: number;
  readonly createdAt: string;
}

/** What an agent's object says of itself; one that is `coming` may be written at any moment. */
export type Presence =
  | { readonly state: "here"; readonly agent: AgentSummary }
  | { readonly state: "coming" | "absent" };

/** A place in the order of a component's agents: by type, then by key. */
export interface AgentPlace {
  readonly type: string;
  readonly key: string;
}

/** Which agents of a component are wanted. */
export interface AgentFilter {
  readonly component: string;
  readonly type?: string;
  /** What the key begins with. */
  readonly prefix?: string;
  readonly status?: AgentStatusName;
  readonly revision?: number;
}

export interface AgentsRequest extends AgentFilter {
  readonly limit: number;
  /** Only those behind this place. */
  readonly after?: AgentPlace;
}

/** `after` is where the next page goes on, when there is more. */
export interface AgentsPage {
  readonly agents: readonly AgentSummary[];
  readonly after?: AgentPlace;
}

/** Lists agents; the whole directory for those who only read it. */
export interface DirectoryOperations {
  list(request: AgentsRequest): Promise<AgentsPage>;
}

/** An agent that is entered: with the incarnation that it has, or is about to have. */
export interface DirectoryEntry extends AgentAddress {
  readonly incarnation: string;
}

/** An entry as a shard holds it; every writing gives it another mark. */
export interface MarkedPlace extends AgentPlace {
  readonly mark: string;
}

/** What a shard is asked for: names only, for it knows nothing else. */
export type PlacesRequest = Pick<
  AgentsRequest,
  "component" | "type" | "prefix" | "limit" | "after"
>;

/** The operations of one shard's object. */
export interface ShardOperations {
  /** Writes nothing when that very incarnation is entered already. */
  enter(entry: DirectoryEntry): Promise<void>;
  /** Removes that incarnation; a later one at the same address stays. */
  leave(entry: DirectoryEntry): Promise<void>;
  /** In the order of places. */
  places(request: PlacesRequest): Promise<readonly MarkedPlace[]>;
  /** Removes entries that nobody has written since they were read. */
  strike(component: string, places: readonly MarkedPlace[]): Promise<void>;
}
