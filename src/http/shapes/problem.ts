import * as z from "zod";
import type { ErrorCode } from "../../core/errors.ts";
import { errorShape } from "./error.ts";
import { invocationShape } from "./invocation.ts";
import { anyValue } from "./shape.ts";

export const problemShape = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What is wrong, and what to do next." }),
    code: z.string().meta({ description: "Stable: made for programs." }),
    issues: z
      .array(anyValue)
      .optional()
      .meta({ description: "What does not fit, each with its path." }),
    invocation: invocationShape.optional(),
    lastError: errorShape.optional().meta({ description: "Of an agent that has failed." }),
    error: errorShape.optional(),
  })
  .meta({ id: "Problem", description: "A problem document (RFC 9457)." });

/** A problem with one of these codes; `authored` also one that the author of a method has chosen. */
export function problemWith(codes: readonly ErrorCode[], authored: boolean): z.ZodType {
  const listed = z.enum(codes);
  const code = authored ? z.union([listed, z.string()]) : listed;
  return problemShape.and(z.looseObject({ code }));
}
