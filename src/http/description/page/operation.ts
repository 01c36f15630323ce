import { html } from "hono/html";
import type { Document } from "../document.ts";
import { curlOf } from "./curl.ts";
import { inline, prose, type Html } from "./prose.ts";
import { memberTable, row, typeOf, type Schema } from "./schema.ts";

export interface Operation {
  readonly verb: string;
  readonly path: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly bearer: readonly string[] }[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly description?: string;
    readonly content: Content;
  };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** All operations of a description, in its order. */
export function operationsOf({ paths = {} }: Document): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs as Readonly<Record<string, object>>).map(
      ([verb, operation]) =>
        Object.assign({ verb: verb.toUpperCase(), path }, operation) as Operation,
    ),
  );
}

/** One operation, with everything that it takes and answers. */
export function renderOperation(operation: Operation): Html {
  const { verb, path, operationId, summary, description, requestBody } = operation;
  return html`<article id="${operationId}">
    <h3><a href="#${operationId}">${inline(summary)}</a></h3>
    <p class="route"><b class="${verb}">${verb}</b> <code>${path}</code></p>
    ${description === undefined ? "" : prose(description)}
    <p class="access">${accessOf(operation)}</p>
    ${parametersOf(operation)} ${requestBody === undefined ? "" : renderBody(requestBody)}
    ${renderResponses(operation)}
    <pre>${curlOf(exampleOf(operation))}</pre>
  </article>`;
}

function accessOf({ security }: Operation): Html {
  const scopes = security.flatMap(({ bearer }) => bearer);
  if (scopes.length === 0) return html`For anybody.`;
  return html`Needs the scope
  ${scopes.map((scope, at) => html`${at === 0 ? "" : " or "}<code>${scope}</code>`)}.`;
}

function parametersOf({ parameters = [] }: Operation): Html | string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ in: place, name, schema, required = false, description }) => {
    const told = place === "path" ? description : `${description ?? ""} (${place})`.trim();
    return row(name, schema, required, told);
  });
  return html`<h4>Parameters</h4>
    <table>
      ${rows}
    </table>`;
}

function renderBody({
  required,
  description,
  content,
}: NonNullable<Operation["requestBody"]>): Html {
  const kinds = Object.entries(content).map(
    ([mediaType, { schema }]) =>
      html`<p><code>${mediaType}</code></p>
        ${bodyOf(schema)}`,
  );
  return html`<h4>Body${required ? "" : html` <i>optional</i>`}</h4>
    ${description === undefined ? "" : prose(description)}${kinds}`;
}

function bodyOf(schema: Schema): Html {
  return schema.properties === undefined
    ? html`<p class="type">${typeOf(schema)}</p>`
    : memberTable(schema);
}

function renderResponses({ responses }: Operation): Html {
  const rows = Object.entries(responses).map(
    ([status, { description, headers = {}, content = {} }]) =>
      html`<tr>
        <th><code class="s${status.slice(0, 1)}">${status}</code></th>
        <td class="type">${status < "4" ? shapesOf(content) : ""}</td>
        <td>${inline(description)}${headersOf(headers)}</td>
      </tr>`,
  );
  return html`<h4>Answers</h4>
    <table>
      ${rows}
    </table>`;
}

function shapesOf(content: Content): readonly Html[] {
  return Object.entries(content).map(([mediaType, { schema }]) =>
    mediaType === "application/json" ? typeOf(schema) : html`<code>${mediaType}</code> `,
  );
}

function headersOf(headers: NonNullable<Response["headers"]>): readonly Html[] {
  return Object.entries(headers)
    .filter(([name]) => name !== "X-Request-Id")
    .map(([name, { description = "" }]) => html` <code>${name}</code> ${description}`);
}

function exampleOf({ verb, path, parameters = [], requestBody, security }: Operation) {
  const values = parameters
    .filter(({ in: place }) => place === "path")
    .map(({ name, schema: { example } }) => [name, String(example ?? name)] as const);
  const [mediaType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return {
    verb,
    path,
    values: Object.fromEntries(values),
    mediaType,
    body: content?.schema,
    isGuarded: security.length > 0,
  };
}
