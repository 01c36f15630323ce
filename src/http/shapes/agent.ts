import * as z from "zod";
import type { AgentSummary } from "../../core/api/directory.ts";
import type { AgentView } from "../../core/api/views.ts";
import { errorShape } from "./error.ts";
import { anyValue, count, position, shape, time } from "./shape.ts";
import { updatesShape } from "./update.ts";

export const agentStatuses = [
  "idle",
  "running",
  "suspended",
  "interrupted",
  "retrying",
  "failed",
] as const;

const address = { component: z.string(), type: z.string(), key: z.string() };
const status = z.enum(agentStatuses);
const regions = z.array(z.tuple([position, position]));

export const agentShape = shape<AgentView>("Agent", "An agent: one instance of a class.", {
  ...address,
  incarnation: z.uuid().meta({ description: "Another one for each agent at the same address." }),
  status,
  revision: position,
  createdAt: time,
  params: anyValue.optional(),
  env: z.record(z.string(), z.string()).optional(),
  pendingInvocations: count.meta({
    description: "Accepted calls that are due and have not begun.",
  }),
  updates: updatesShape,
  lastManualUpdateSnapshotIndex: position.nullable(),
  lastAutomaticSnapshotIndex: position.nullable(),
  skippedRegions: regions.meta({ description: "`[from, to]` of what replay leaves out." }),
  deletedRegions: regions.meta({ description: "`[from, to]` of what reverts took back." }),
  lastOplogIndex: position,
  nextWakeAt: time.optional(),
  lastError: errorShape.optional(),
});

export const agentSummaryShape = shape<AgentSummary>("AgentSummary", "An agent in a list.", {
  ...address,
  status,
  revision: position,
  createdAt: time,
});
