/** Rollouts as HTTP shows them: one update for many agents of a component. */
import type { Result } from "../errors.ts";
import type { AgentPlace } from "./directory.ts";
import type { DivergenceView, ErrorView, UpdateCheck, UpdateMode } from "./views.ts";

export type RolloutStatusName = "running" | "paused" | "stopped" | "cancelled" | "completed";

/** `collecting` while it finds out which agents it is for, then the canary, then all others. */
export type RolloutPhase = "collecting" | "canary" | "rest";

/** What an agent's part of a rollout came to; the second line is that of dry runs. */
export type RolloutOutcome =
  | ("updated" | "failed" | "not-needed" | "gone")
  | ("compatible" | "diverges" | "busy");

export interface RolloutSettings {
  readonly mode: UpdateMode;
  readonly check?: UpdateCheck;
  readonly type?: string;
  readonly prefix?: string;
  readonly fromRevision?: number;
  /** Agents that are updated at the same time. */
  readonly concurrency: number;
  /** How many agents, in the order of lists, have to succeed before all others. */
  readonly canary?: { readonly agents: number } | { readonly percent: number };
  readonly stopOnFailures?: number;
  readonly dryRun: boolean;
}

export interface RolloutRequest extends RolloutSettings {
  readonly revision: number | "latest";
}

/** Where code diverges, as the update or the dry run tells it; or the error of an agent that has failed. */
export type RolloutReport = DivergenceView | { readonly lastError: ErrorView };

/** How many agents are where. A dry run has `compatible`, `diverges` and `busy`, an update `updated`. */
export type RolloutCounts = Readonly<Record<string, number>>;

/** One agent's part of a rollout. */
export interface RolloutAgentView extends AgentPlace {
  readonly outcome: RolloutOutcome | "waiting" | "in-progress";
  readonly updateId?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly report?: RolloutReport;
}

export interface RolloutView extends RolloutSettings {
  readonly id: string;
  readonly component: string;
  readonly revision: number;
  readonly status: RolloutStatusName;
  readonly phase: RolloutPhase;
  readonly createdAt: string;
  readonly finishedAt?: string;
  readonly counts: RolloutCounts;
  /** Agents being updated, and the first thousand that failed or diverge; not in lists. */
  readonly inProgress?: readonly RolloutAgentView[];
  readonly failures?: readonly RolloutAgentView[];
}

export type RolloutCommand = "pause" | "resume" | "cancel";

export interface RolloutAgentsRequest {
  readonly outcome?: RolloutAgentView["outcome"];
  readonly limit: number;
  /** Only those behind this position. */
  readonly after?: number;
}

export interface RolloutAgentsPage {
  readonly agents: readonly RolloutAgentView[];
  readonly after?: number;
}

/** The operations of the object that has one component's rollouts. */
export interface RolloutOperations {
  start(component: string, request: RolloutRequest): Promise<Result<RolloutView>>;
  show(id: string): Promise<Result<RolloutView>>;
  /** Newest first, those with a number below `before` when it is given. */
  list(
    limit: number,
    before?: number,
  ): Promise<{ readonly rollouts: readonly RolloutView[]; readonly before?: number }>;
  command(id: string, command: RolloutCommand): Promise<Result<RolloutView>>;
  agents(id: string, request: RolloutAgentsRequest): Promise<Result<RolloutAgentsPage>>;
}
