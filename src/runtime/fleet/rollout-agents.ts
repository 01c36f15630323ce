/** Brings one agent's part of a rollout to its conclusion. Whatever is asked here can be asked again. */
import type { RolloutOutcome, RolloutReport } from "../../core/api/rollouts.ts";
import type { AgentAddress, UpdatesView, UpdateView } from "../../core/api/views.ts";
import type { Refusal, Result } from "../../core/errors.ts";
import type { FleetAgents, FleetUpdate } from "./rollout-ports.ts";

export interface Conclusion {
  readonly outcome: RolloutOutcome;
  readonly code?: string;
  readonly detail?: string;
  /** A divergence report, or what else there is to tell of a failure. */
  readonly report?: RolloutReport;
}

/** Pauses between two looks at an update grow up to the last one. */
const PAUSES_MS = [20, 50, 100, 200, 400, 800, 1_000] as const;

function refusedConclusion({ code, detail, members }: Refusal): Conclusion {
  if (code === "already-at-revision") return { outcome: "not-needed" };
  if (code === "agent-not-found") return { outcome: "gone" };
  if (code === "agent-busy") return { outcome: "busy", code, detail };
  const error = members?.lastError;
  return { outcome: "failed", code, detail, ...(error && { report: { lastError: { ...error } } }) };
}

/** What a failed update tells; its report travels on as it is. */
function failure({ detail, report }: UpdateView): Conclusion {
  return {
    outcome: "failed",
    code: "update-failed",
    ...(detail === undefined ? {} : { detail }),
    ...(report === undefined ? {} : { report }),
  };
}

/** Undefined while the update waits. */
function conclusionIn(
  { pending, successful, failed }: UpdatesView,
  id: string,
): Conclusion | undefined {
  const isIt = (update: UpdateView): boolean => update.id === id;
  if (pending.some(isIt)) return undefined;
  if (successful.some(isIt)) return { outcome: "updated" };
  const found = failed.find(isIt);
  if (found !== undefined) return failure(found);
  const detail = "The update was undone by a revert before the rollout saw its conclusion.";
  return { outcome: "failed", code: "update-reverted", detail };
}

/** The id of the same update that somebody else has asked for. */
async function pendingTwin(
  agents: FleetAgents,
  address: AgentAddress,
  { mode, revision }: FleetUpdate,
): Promise<string | undefined> {
  const updates = await agents.updates(address);
  if (!updates.ok) return undefined;
  return updates.value.pending.find((open) => open.mode === mode && open.revision === revision)?.id;
}

export async function tryDry(
  agents: FleetAgents,
  address: AgentAddress,
  request: FleetUpdate,
): Promise<Conclusion> {
  const tried = await agents.dryRun(address, request);
  if (!tried.ok) return refusedConclusion(tried.refusal);
  const { compatible, divergence, detail } = tried.value;
  if (compatible) return { outcome: "compatible" };
  return {
    outcome: "diverges",
    ...(detail === undefined ? {} : { detail }),
    ...(divergence === undefined ? {} : { report: divergence }),
  };
}

/** An update that waits longer than this is looked at again later. */
export interface Patience {
  readonly looks: number;
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Asks for the update and waits for its conclusion; undefined when it is not concluded by then. The
 * id makes it one update however often it is asked for; `adopt` learns the id of one by somebody
 * else, which is waited for instead.
 */
export async function updateAgent(
  agents: FleetAgents,
  address: AgentAddress,
  update: { readonly id: string; readonly request: FleetUpdate },
  patience: Patience,
  adopt: (id: string) => void,
): Promise<Conclusion | undefined> {
  let { id } = update;
  const asked: Result<UpdateView> = await agents.update(address, id, update.request);
  if (!asked.ok) {
    if (asked.refusal.code !== "update-already-pending") return refusedConclusion(asked.refusal);
    const twin = await pendingTwin(agents, address, update.request);
    if (twin === undefined) return undefined;
    id = twin;
    if (id !== update.id) adopt(id);
  }
  for (let look = 0; ; look++) {
    const updates = await agents.updates(address);
    if (!updates.ok) return refusedConclusion(updates.refusal);
    const conclusion = conclusionIn(updates.value, id);
    if (conclusion !== undefined || look >= patience.looks) return conclusion;
    await patience.wait(PAUSES_MS[look] ?? 1_000);
  }
}
