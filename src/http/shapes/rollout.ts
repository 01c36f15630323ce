import * as z from "zod";
import type { RolloutAgentView, RolloutView } from "../../core/api/rollouts.ts";
import { errorShape } from "./error.ts";
import { count, position, shape, time } from "./shape.ts";
import { divergenceShape, updateChecks, updateModes } from "./update.ts";

export const rolloutOutcomes = [
  "waiting",
  "in-progress",
  "updated",
  "failed",
  "not-needed",
  "gone",
  "compatible",
  "diverges",
  "busy",
] as const;

export const canaryShape = z.union(
  [
    z.strictObject({ agents: z.int().min(1) }),
    z.strictObject({ percent: z.number().gt(0).max(100) }),
  ],
  {
    error: 'must be { "agents": a number from 1 } or { "percent": a number above 0, at most 100 }',
  },
);

export const rolloutAgentShape = shape<RolloutAgentView>(
  "RolloutAgent",
  "One agent's part of a rollout.",
  {
    type: z.string(),
    key: z.string(),
    outcome: z.enum(rolloutOutcomes),
    updateId: z.string().optional(),
    code: z.string().optional(),
    detail: z.string().optional(),
    report: z.union([divergenceShape, z.strictObject({ lastError: errorShape })]).optional(),
  },
);

export const rolloutShape = shape<RolloutView>("Rollout", "One update for many agents.", {
  id: z.uuid(),
  component: z.string(),
  revision: position,
  mode: z.enum(updateModes),
  check: z.enum(updateChecks).optional(),
  type: z.string().optional(),
  prefix: z.string().optional(),
  fromRevision: position.optional(),
  concurrency: count,
  canary: canaryShape.optional(),
  stopOnFailures: count.optional(),
  dryRun: z.boolean(),
  status: z.enum(["running", "paused", "stopped", "cancelled", "completed"]),
  phase: z.enum(["collecting", "canary", "rest"]),
  createdAt: time,
  finishedAt: time.optional(),
  counts: z.record(z.string(), count).meta({ description: "How many agents are where." }),
  inProgress: z.array(rolloutAgentShape).optional().meta({ description: "Not in lists." }),
  failures: z
    .array(rolloutAgentShape)
    .optional()
    .meta({ description: "The first thousand that failed or diverge. Not in lists." }),
});
