import * as z from "zod";
import type { DivergenceView, DryRunView, UpdatesView, UpdateView } from "../../core/api/views.ts";
import { anyValue, count, position, shape, time } from "./shape.ts";

export const updateModes = ["automatic", "manual"] as const;
export const updateChecks = ["calls-and-results", "calls"] as const;

export const divergenceShape = shape<DivergenceView>(
  "Divergence",
  "Where code parts from an agent's history, and what to do about it.",
  {
    index: position,
    kind: z.string(),
    method: z.string(),
    idempotencyKey: z.string(),
    expected: z.string(),
    actual: z.string(),
    message: z.string(),
    difference: z
      .strictObject({
        path: z.string(),
        recorded: anyValue.optional(),
        replayed: anyValue.optional(),
      })
      .optional(),
    presentRevision: position,
    replayedRevision: position,
    advice: z.string(),
  },
);

export const updateShape = shape<UpdateView>("Update", "A change of an agent's code.", {
  id: z.uuid(),
  mode: z.enum(updateModes),
  revision: position,
  status: z.enum(["queued", "pending", "successful", "failed"]).meta({
    description: "`queued` is a manual update whose snapshot has not been saved yet.",
  }),
  requestedAt: time,
  concludedAt: time.optional(),
  detail: z.string().optional(),
  report: divergenceShape.optional(),
});

export const updatesShape = shape<UpdatesView>("Updates", "Updates, each list oldest first.", {
  pending: z.array(updateShape),
  successful: z.array(updateShape),
  failed: z.array(updateShape),
});

export const dryRunShape = shape<DryRunView>("DryRun", "What an update would come to.", {
  compatible: z.boolean(),
  entriesReplayed: count.optional(),
  divergence: divergenceShape.optional(),
  detail: z.string().optional(),
});
