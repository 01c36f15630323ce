/** How the resources that answers show are described; the compiler holds each to its view. */
import * as z from "zod";
import type { JsonValue } from "../../core/api/views.ts";

type Members<View> = { readonly [Name in keyof View]-?: z.ZodType<View[Name]> };

/** The shape of a resource: every member of its view and no other. `id` names it in the description. */
export function shape<View extends object>(
  id: string,
  description: string,
  members: Members<View>,
): z.ZodType<View> {
  return z.strictObject(members).meta({ id, description }) as unknown as z.ZodType<View>;
}

/** Whatever JSON can hold. */
export const anyValue = z.unknown() as z.ZodType<JsonValue>;

/** ISO 8601 in UTC, with milliseconds. */
export const time = z.iso.datetime({ precision: 3 }).meta({ example: "2027-01-01T00:00:00.000Z" });

/** A revision or an index. */
export const position = z.int().min(1);

export const count = z.int().min(0);

/** One page of a list. */
export function pageOf(member: string, items: z.ZodType): z.ZodType {
  return z.strictObject({
    [member]: z.array(items),
    cursor: z
      .string()
      .optional()
      .meta({ description: "Only when there is more: `?cursor=` of the next page." }),
  });
}
