import type { JsonValue } from "../../core/api/views.ts";

/** A JSON Schema that an author gave, be it what it may. */
export type AuthorSchema = Readonly<Record<string, JsonValue>>;

/**
 * The schemas of an author in one description. References inside of a schema begin at that schema, so
 * one that has some becomes a component with a name, and its references begin there.
 */
export class AuthorSchemas {
  readonly named: Record<string, AuthorSchema> = {};

  /** What to write where the schema is meant; `name` is its own in the whole description. */
  embed(schema: JsonValue, name: string): AuthorSchema {
    if (!isSchema(schema)) return {};
    const { $schema: _, ...own } = schema;
    const component = name.replaceAll(/[^\w.-]/g, (unit) => `-${unit.charCodeAt(0)}-`);
    const path = `#/components/schemas/${component}`;
    const moved = withReferences(own, path) as AuthorSchema;
    if (JSON.stringify(moved) === JSON.stringify(own)) return own;
    this.named[component] = moved;
    return { $ref: path };
  }
}

export function isSchema(value: JsonValue | undefined): value is AuthorSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same with all references that begin at its root beginning at `path`. */
function withReferences(value: JsonValue, path: string): JsonValue {
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item) => withReferences(item, path));
  }
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isReference = name === "$ref" && typeof member === "string" && /^#(\/|$)/.test(member);
      return [name, isReference ? path + member.slice(1) : withReferences(member, path)];
    }),
  );
}
