/** Values for a schema: some that fit, some that nearly do, some that are meant to hurt. */
import * as fc from "fast-check";
import type { Schema } from "../description.ts";

const numbers = [0, -0, -1, 1.5, 1e21, 1e308, -1e308, 2 ** 53, 2 ** 31, Number.MIN_VALUE] as const;

const texts = [
  "",
  " ",
  "\u0000",
  "\u202E\u200B",
  "👩‍👩‍👧‍👦",
  "\uD800",
  "ſ",
  "__proto__",
  "constructor",
  "undefined",
  "NaN",
  "../../etc/passwd",
  "<script>",
  "'; DROP TABLE agents; --",
  "%00",
  "a".repeat(5000),
] as const;

/** Arrays in arrays, as JSON text. */
function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

export const hostileTexts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...texts),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);

export const hostileValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...numbers),
  hostileTexts,
  fc.constantFrom<unknown>(null, true, [], {}, [[]], { length: 1 }),
  fc.constantFrom(nested(50), '{"__proto__":{"a":1}}', '{"toString":1}').map(parsed),
  fc.jsonValue(),
);

function parsed(text: string): unknown {
  return JSON.parse(text) as unknown;
}

/** Texts of bodies that are no JSON, or too much of it. */
export const hostileBodies: fc.Arbitrary<string> = fc.constantFrom(
  "{",
  "[1,]",
  "nul",
  "\u0000",
  '"\\ud800"',
  "1e999",
  "-",
  "01",
  '{"a":1,"a":2}',
  "\uFEFF[]",
  " ",
  nested(990),
  nested(5_000),
  nested(100_000),
  '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000),
);

/** Values that a schema accepts, its example among them. */
export function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const { example } = schema;
  const made = madeFor(schema);
  return example === undefined ? made : fc.oneof(fc.constant(example), made);
}

function madeFor(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting));
  switch (schema.type) {
    case "string":
      return fc.stringMatching(new RegExp(schema.pattern ?? "^\\w{0,12}$"));
    case "integer":
      return fc.integer({
        min: schema.minimum ?? -5,
        max: Math.min(schema.maximum ?? 50, 2 ** 31 - 1),
      });
    case "number":
      return fc.integer({ min: (schema.exclusiveMinimum ?? 0) + 1, max: schema.maximum ?? 50 });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(fitting(schema.items ?? {}), { maxLength: 3 });
    case "object":
      return fittingObject(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function fittingObject({ properties = {}, required = [], additionalProperties }: Schema) {
  const members = Object.entries(properties).map(([name, schema]) => [name, fitting(schema)]);
  if (members.length === 0 && typeof additionalProperties === "object") {
    return fc.dictionary(fc.string({ maxLength: 8 }), fitting(additionalProperties), {
      maxKeys: 3,
    });
  }
  return fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...required],
  });
}

/** The same with one thing about it that is not as it should be. */
export function nearly(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== "object" || value === null) return hostileValues;
  if (Array.isArray(value)) return hostileValues.map((one) => [...(value as unknown[]), one]);
  const names = [...Object.keys(value), "surplus"];
  return fc
    .tuple(fc.constantFrom(...names), fc.option(hostileValues, { nil: undefined }))
    .map(([name, member]) => Object.assign({}, value, { [name]: member }));
}
