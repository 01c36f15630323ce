import * as z from "zod";
import type { InvocationView } from "../../core/api/views.ts";
import { errorShape } from "./error.ts";
import { anyValue, position, shape, time } from "./shape.ts";

export const invocationStatuses = [
  "scheduled",
  "pending",
  "running",
  "completed",
  "failed",
  "cancelled",
] as const;

export const invocationShape = shape<InvocationView>("Invocation", "A call of a method.", {
  idempotencyKey: z.string(),
  method: z.string(),
  status: z.enum(invocationStatuses),
  acceptedAt: time,
  scheduledFor: time.optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  revision: position.optional().meta({ description: "That in which it ended." }),
  result: anyValue.optional(),
  error: errorShape.optional(),
});
