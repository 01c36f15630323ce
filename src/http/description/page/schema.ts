import { html } from "hono/html";
import { inline, type Html } from "./prose.ts";

/** As much of JSON Schema as the description uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly example?: string | number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The type of a value in a few words; named shapes are links to where they are told. */
export function typeOf(schema: Schema): Html {
  const { $ref, items, prefixItems, properties, additionalProperties } = schema;
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return html`<a href="#${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`;
  const values = schema.enum?.map((value) => JSON.stringify(value));
  if (values !== undefined) return html`${values.join(" | ")}`;
  const choice = schema.anyOf ?? schema.allOf;
  if (choice !== undefined) return joined(choice, schema.anyOf === undefined ? " & " : " | ");
  if (prefixItems !== undefined) return html`[${joined(prefixItems, ", ")}]`;
  if (items !== undefined) return html`list of ${typeOf(items)}`;
  if (properties !== undefined) return html`{ ${membersOf(schema)} }`;
  if (schema.type === "object" && additionalProperties) {
    return html`object of ${typeOf(additionalProperties)}`;
  }
  return html`${schema.format ?? schema.type ?? "any JSON"}${rangeOf(schema)}`;
}

/** The members of an object, one a row. */
export function memberTable({ properties = {}, required = [] }: Schema): Html {
  const rows = Object.entries(properties).map(([name, member]) =>
    row(name, member, required.includes(name), member.description),
  );
  return html`<table>
    ${rows}
  </table>`;
}

/** A row of a table of members or parameters. */
export function row(
  name: string,
  schema: Schema,
  isRequired: boolean,
  description: string | undefined,
): Html {
  const fallback =
    schema.default === undefined
      ? ""
      : html` Default: <code>${JSON.stringify(schema.default)}</code>.`;
  return html`<tr>
    <th><code>${name}</code>${isRequired ? "" : html`<i>optional</i>`}</th>
    <td class="type">${typeOf(schema)}</td>
    <td>${description === undefined ? "" : inline(description)}${fallback}</td>
  </tr>`;
}

function membersOf({ properties = {}, required = [] }: Schema): readonly Html[] {
  return Object.entries(properties).map(
    ([name, member], at) =>
      html`${at === 0 ? "" : ", "}${name}${required.includes(name) ? "" : "?"}: ${typeOf(member)}`,
  );
}

function joined(schemas: readonly Schema[], between: string): Html {
  return html`${schemas.map((schema, at) => html`${at === 0 ? "" : between}${typeOf(schema)}`)}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum === undefined) return "";
  const isOpen = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  return isOpen ? `, from ${minimum}` : `, ${minimum} to ${maximum}`;
}
