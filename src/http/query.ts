import * as z from "zod";
import { accept, type Result } from "../core/errors.ts";
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
    .pipe(z.number().min(least, message).max(most, message));
}

/** One that has a default. */
export function wholeNumber(least: number, most: number, usual: number) {
  return numberBetween(least, most).default(usual);
}

/** The parameter `limit` of every list. */
export function pageLimit() {
  return wholeNumber(1, pageLimits.most, pageLimits.usual);
}

/** Reads the parameters that a schema names; others are ignored, one given twice is refused. */
export function readQuery<Schema extends z.ZodObject>(
  request: Request,
  schema: Schema,
): Result<z.output<Schema>> {
  const given = new URLSearchParams(rawQuery(request));
  const names = Object.keys(schema.shape).filter((name) => given.has(name));
  const repeated = names.filter((name) => given.getAll(name).length > 1);
  if (repeated.length > 0) return invalidRequest(...repeated.map(repetition));
  const values = Object.fromEntries(names.map((name) => [name, given.get(name)]));
  const checked = schema.safeParse(values);
  return checked.success
    ? accept(checked.data)
    : invalidRequest(...issuesOf("query", checked.error));
}

function repetition(name: string): Issue {
  return { path: ["query", name], message: "is given more than once" };
}
