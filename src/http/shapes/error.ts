import * as z from "zod";
import type { ErrorView } from "../../core/api/views.ts";
import { anyValue, shape } from "./shape.ts";

export const errorShape = shape<ErrorView>(
  "Error",
  "An error as its author or the host described it.",
  {
    name: z.string(),
    message: z.string(),
    code: z.string().optional(),
    details: anyValue.optional(),
  },
);
