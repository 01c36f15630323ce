/**
 * How a rollout goes on, as values: pure and total. Agents have positions and are begun in their
 * order, so `begun` says which those are. Nothing is begun that a kill could make begin twice: the
 * host writes the state that follows from here before it asks an agent for anything.
 */
import type {
  RolloutCommand,
  RolloutOutcome,
  RolloutPhase,
  RolloutSettings,
  RolloutStatusName,
} from "../api/rollouts.ts";
import { accept, refuse, type Result } from "../errors.ts";

export type RolloutRules = Pick<
  RolloutSettings,
  "concurrency" | "canary" | "stopOnFailures" | "dryRun"
>;

export interface RolloutProgress {
  readonly status: RolloutStatusName;
  /** Whether all agents that it is for are known. */
  readonly isCollected: boolean;
  readonly total: number;
  readonly begun: number;
  readonly concluded: number;
  readonly failures: number;
  /** Failures before the last resumption: whoever resumes has seen them. */
  readonly forgiven: number;
}

export const beginning: RolloutProgress = {
  status: "running",
  isCollected: false,
  total: 0,
  begun: 0,
  concluded: 0,
  failures: 0,
  forgiven: 0,
};

/** A dry run changes nothing, so nothing holds it up. */
function canarySize({ canary, dryRun }: RolloutRules, total: number): number {
  if (canary === undefined || dryRun) return 0;
  const wanted = "agents" in canary ? canary.agents : Math.ceil((total * canary.percent) / 100);
  return Math.min(wanted, total);
}

function isInCanary(rules: RolloutRules, { begun, total }: RolloutProgress): boolean {
  const size = canarySize(rules, total);
  return size > 0 && begun <= size;
}

export function phaseOf(rules: RolloutRules, progress: RolloutProgress): RolloutPhase {
  if (!progress.isCollected) return "collecting";
  return isInCanary(rules, progress) ? "canary" : "rest";
}

/** How many agents are begun now. */
export function toBegin(rules: RolloutRules, progress: RolloutProgress): number {
  const { status, isCollected, total, begun, concluded } = progress;
  if (status !== "running" || !isCollected) return 0;
  const size = canarySize(rules, total);
  const open = concluded < size ? size : total;
  return Math.max(0, Math.min(rules.concurrency - (begun - concluded), open - begun));
}

/** Failures at which it stops; in the canary the first one, unless the rules say another number. */
function stopAt(rules: RolloutRules, progress: RolloutProgress): number {
  if (rules.dryRun) return Number.POSITIVE_INFINITY;
  return rules.stopOnFailures ?? (isInCanary(rules, progress) ? 1 : Number.POSITIVE_INFINITY);
}

/** The progress with the status that follows from its numbers. */
export function settle(rules: RolloutRules, progress: RolloutProgress): RolloutProgress {
  const { status, isCollected, total, concluded, failures, forgiven } = progress;
  if (status !== "running" || !isCollected) return progress;
  if (concluded === total) return { ...progress, status: "completed" };
  if (failures - forgiven >= stopAt(rules, progress)) return { ...progress, status: "stopped" };
  return progress;
}

export function isFailure(outcome: RolloutOutcome): boolean {
  return outcome === "failed" || outcome === "diverges";
}

/** After the conclusion of one agent. */
export function conclude(
  rules: RolloutRules,
  progress: RolloutProgress,
  outcome: RolloutOutcome,
): RolloutProgress {
  return settle(rules, {
    ...progress,
    concluded: progress.concluded + 1,
    failures: progress.failures + (isFailure(outcome) ? 1 : 0),
  });
}

const becomes = { pause: "paused", resume: "running", cancel: "cancelled" } as const;

/** After a command. What is in progress then goes on to its conclusion, whatever the command. */
export function obey(
  rules: RolloutRules,
  progress: RolloutProgress,
  command: RolloutCommand,
): Result<RolloutProgress> {
  const { status, failures } = progress;
  if (becomes[command] === status) return accept(progress);
  if (status === "cancelled" || status === "completed") {
    return refuse(
      "rollout-not-active",
      `The rollout is ${status}, for good; start another one with POST …/rollouts.`,
    );
  }
  if (command === "pause" && status === "stopped") {
    return refuse(
      "rollout-not-active",
      "The rollout has stopped because of failures, so there is nothing to pause; resume or cancel it.",
    );
  }
  const forgiven = command === "resume" && status === "stopped" ? failures : progress.forgiven;
  return accept(settle(rules, { ...progress, status: becomes[command], forgiven }));
}
