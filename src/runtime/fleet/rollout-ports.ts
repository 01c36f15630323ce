/** What rollouts need of the platform. Adapters live in `host`; tests use others. */
import type { AgentsPage, AgentsRequest } from "../../core/api/directory.ts";
import type { UpdateRequest } from "../../core/api/operations.ts";
import type { RolloutOutcome } from "../../core/api/rollouts.ts";
import type { AgentAddress, DryRunView, UpdatesView, UpdateView } from "../../core/api/views.ts";
import type { Result } from "../../core/errors.ts";

/** The update of a rollout, as an agent is asked for it. */
export type FleetUpdate = Omit<UpdateRequest, "id" | "revision"> & { readonly revision: number };

/** The agents of a component, asked one at a time. What fails here may be asked again. */
export interface FleetAgents {
  update(address: AgentAddress, id: string, request: FleetUpdate): Promise<Result<UpdateView>>;
  updates(address: AgentAddress): Promise<Result<UpdatesView>>;
  dryRun(address: AgentAddress, request: FleetUpdate): Promise<Result<DryRunView>>;
}

/** One agent of a rollout; `waiting` until it is begun, `in-progress` until it is concluded. */
export interface Member {
  readonly position: number;
  readonly type: string;
  readonly key: string;
  readonly state: RolloutOutcome | "waiting" | "in-progress";
  readonly updateId?: string;
  /** JSON text of what is told about the outcome. */
  readonly account?: string;
}

export interface RolloutRow {
  readonly number: number;
  readonly id: string;
  /** JSON text. */
  readonly body: string;
}

/** The storage of one component's rollouts. Everything is synchronous; a transaction is committed as one. */
export interface RolloutStore {
  transaction(work: () => void): void;
  /** All rollouts, oldest first. */
  rows(): readonly RolloutRow[];
  put(row: RolloutRow): void;
  addMembers(rollout: number, members: readonly Member[]): void;
  /** In the order of their positions, those from `from` on. */
  members(
    rollout: number,
    filter: {
      readonly from: number;
      readonly limit: number;
      readonly states?: readonly Member["state"][];
    },
  ): readonly Member[];
  putMember(rollout: number, member: Member): void;
  tally(rollout: number): ReadonlyMap<Member["state"], number>;
  setAlarm(at: number): void;
}

export interface RolloutParts {
  readonly store: RolloutStore;
  readonly agents: FleetAgents;
  /** One page of the directory. */
  list(request: AgentsRequest): Promise<AgentsPage>;
  /** The number of that revision, when it is there and has the type, if one is given. */
  revision(
    component: string,
    revision: number | "latest",
    type: string | undefined,
  ): Promise<Result<number>>;
  readonly now: () => number;
  readonly uuid: () => string;
  readonly wait: (ms: number) => Promise<void>;
}
