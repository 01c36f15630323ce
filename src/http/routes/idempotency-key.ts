import * as z from "zod";
import { syntax } from "../../core/limits.ts";

const message = `must be 1 to ${syntax.idempotencyKeyLength} visible ASCII characters`;

/** The header by which a request can be sent again. */
export const idempotencyKey = {
  "Idempotency-Key": z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: message, abort: true })
    .max(syntax.idempotencyKeyLength, message)
    .optional()
    .meta({
      description: "Names the request, so that sending it again is harmless. Made when absent.",
      example: "order-1",
    }),
};

/** The key that a request has, or one made for it. */
export function keyOf(headers: { readonly "Idempotency-Key"?: string | undefined }): {
  readonly idempotencyKey: string;
  /** It has just been made, so nothing can be known by it. */
  readonly isNewKey: boolean;
} {
  const given = headers["Idempotency-Key"];
  return { idempotencyKey: given ?? crypto.randomUUID(), isNewKey: given === undefined };
}
