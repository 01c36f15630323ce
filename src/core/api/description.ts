/** What the host keeps of a revision: what it shows, and what only it needs to know. */
import type { AgentTypeView, RevisionView } from "./views.ts";

export interface AgentTypeDescription extends AgentTypeView {
  /** Whether the class has `onCreate`. */
  readonly initializes: boolean;
}

export interface RevisionDescription extends RevisionView {
  readonly agentTypes: readonly AgentTypeDescription[];
}

/** The revision as HTTP shows it. */
export function showRevision({ agentTypes, ...revision }: RevisionDescription): RevisionView {
  return {
    ...revision,
    agentTypes: agentTypes.map(({ name, methods, hooks, snapshots }) => ({
      name,
      methods,
      hooks,
      snapshots,
    })),
  };
}
