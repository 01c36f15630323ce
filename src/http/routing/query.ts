import * as z from "zod";
import { accept, type Result } from "../../core/errors.ts";
import { invalidRequest, issuesOf, type Issue } from "./invalid-request.ts";
import { rawQuery } from "./path.ts";

/** Most elements of one page of a list, and how many there are without `limit`. */
const pageLimits = { most: 1000, usual: 100 } as const;

/** A query parameter that is a whole number in a range. */
export function numberBetween(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message))
    .meta(asInteger(least, most));
}

/** One that has a default. */
export function wholeNumber(least: number, most: number, usual: number) {
  return numberBetween(least, most)
    .default(usual)
    .meta(asInteger(least, most, usual));
}

/** A parameter that is `true` or `false`, and false without it. */
export const yesOrNo = z
  .enum(["true", "false"], "must be `true` or `false`")
  .default("false")
  .transform((given) => given === "true");

/** A parameter travels as text, and is described as what it says. */
function asInteger(minimum: number, maximum: number, usual?: number) {
  const schema = { type: "integer", pattern: undefined, minimum, maximum } as const;
  return { override: usual === undefined ? schema : { ...schema, default: usual } };
}

/** The parameters of every list. */
export const paging = {
  limit: wholeNumber(1, pageLimits.most, pageLimits.usual).meta({
    description: "How many elements a page has at most.",
  }),
  cursor: z.string().optional().meta({
    description: "The `cursor` of the answer of the page before.",
  }),
};

/**
 * Reads the parameters that a schema names; others are ignored. One given twice is refused unless
 * its schema is that of an array, which gets all that there are.
 */
export function readQuery<Schema extends z.ZodObject>(
  request: Request,
  schema: Schema,
): Result<z.output<Schema>> {
  const given = new URLSearchParams(rawQuery(request));
  const names = Object.keys(schema.shape).filter((name) => given.has(name));
  const repeated = names.filter(
    (name) => !isRepeatable(schema.shape[name]) && given.getAll(name).length > 1,
  );
  if (repeated.length > 0) return invalidRequest(...repeated.map(repetition));
  const values = Object.fromEntries(
    names.map((name) => [
      name,
      isRepeatable(schema.shape[name]) ? given.getAll(name) : given.get(name),
    ]),
  );
  const checked = schema.safeParse(values);
  return checked.success
    ? accept(checked.data)
    : invalidRequest(...issuesOf("query", checked.error).map(ofParameter));
}

/** Which of the values of a repeated parameter does not fit, the message tells. */
function ofParameter({ path: [part, ...names], message }: Issue): Issue {
  return { path: [part, ...names.slice(0, 1)], message };
}

function isRepeatable(schema: unknown): boolean {
  const inner = schema instanceof z.ZodExactOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodArray;
}

function repetition(name: string): Issue {
  return { path: ["query", name], message: "is given more than once" };
}
