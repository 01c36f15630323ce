import { html, raw } from "hono/html";
import type { Document } from "../document.ts";
import { operationsOf, renderOperation, type Operation } from "./operation.ts";
import { inline, prose, type Html } from "./prose.ts";
import { memberTable, typeOf, type Schema } from "./schema.ts";
import { style } from "./style.ts";

/** A description as a page of HTML. */
export async function renderPage(document: Document): Promise<string> {
  const { info, components } = document;
  const operations = Map.groupBy(operationsOf(document), ({ tags: [tag = ""] }) => tag);
  const schemas = Object.entries((components?.schemas ?? {}) as Readonly<Record<string, Schema>>);
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info.title} API</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <nav>
          <a href="#top"><strong>${info.title} API</strong></a>
          ${[...operations].map(([tag, those]) => renderIndex(tag, those))}
          <h2>Shapes</h2>
          <ul>
            ${schemas.map(([name]) => html`<li><a href="#${name}">${name}</a></li>`)}
          </ul>
        </nav>
        <main id="top">
          <h1>${info.title} API</h1>
          <p class="version">
            Version ${info.version} · <a href="/v1/openapi.json">OpenAPI 3.1</a>
          </p>
          ${prose(info.description ?? "")}
          ${[...operations].map(([tag, those]) => renderSection(tag, those))}
          <section id="shapes">
            <h2>Shapes</h2>
            ${schemas.map(([name, schema]) => renderShape(name, schema))}
          </section>
        </main>
      </body>
    </html>`;
  return page.toString();
}

function renderIndex(tag: string, operations: readonly Operation[]): Html {
  return html`<h2>${tag}</h2>
    <ul>
      ${operations.map(
        ({ operationId, summary }) =>
          html`<li><a href="#${operationId}">${inline(summary)}</a></li>`,
      )}
    </ul>`;
}

function renderSection(tag: string, operations: readonly Operation[]): Html {
  return html`<section id="tag-${tag}">
    <h2>${tag}</h2>
    ${operations.map(renderOperation)}
  </section>`;
}

function renderShape(name: string, schema: Schema): Html {
  return html`<article id="${name}">
    <h3><a href="#${name}">${name}</a></h3>
    ${prose(schema.description ?? "")}
    ${schema.properties === undefined ? typeOf(schema) : memberTable(schema)}
  </article>`;
}
