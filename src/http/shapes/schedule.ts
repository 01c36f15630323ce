import * as z from "zod";
import type { ScheduleView } from "../../core/api/views.ts";
import { anyValue, shape, time } from "./shape.ts";

export const scheduleShape = shape<ScheduleView>("Schedule", "A recurring schedule.", {
  id: z.uuid(),
  cron: z.string(),
  timezone: z.string(),
  method: z.string(),
  args: anyValue,
  createdAt: time,
  nextRunAt: time.optional(),
  lastRunAt: time.optional(),
});
