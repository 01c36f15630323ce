import { FILE_MEDIA_TYPE } from "../../../core/copies/file.ts";
import type { Schema } from "./schema.ts";

/** What an example of a request is made of. */
export interface Example {
  readonly verb: string;
  readonly path: string;
  /** Examples of the parameters of the path, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** A media type that the body can have; undefined without a body. */
  readonly mediaType: string | undefined;
  readonly body: Schema | undefined;
  /** Whether a token may be needed. */
  readonly isGuarded: boolean;
}

/** A request as one would type it. */
export function curlOf({ verb, path, values, mediaType, body, isGuarded }: Example): string {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name);
  const lines = [
    verb === "GET" ? "curl" : `curl -X ${verb}`,
    ...(isGuarded ? [`-H "Authorization: Bearer $TOKEN"`] : []),
    ...(mediaType === undefined
      ? []
      : [`-H 'Content-Type: ${mediaType}'`, dataOf(mediaType, body)]),
    `"$PERDURE${url}"`,
  ];
  return lines.join(" \\\n  ");
}

function dataOf(mediaType: string, body: Schema | undefined): string {
  if (mediaType !== "application/json") {
    return `--data-binary @${mediaType === FILE_MEDIA_TYPE ? "agent.perdure" : "index.js"}`;
  }
  return `-d '${JSON.stringify(exampleOf(body ?? {}))}'`;
}

/** A value that fits, of the members that there have to be. */
function exampleOf(schema: Schema): unknown {
  const { example, anyOf, properties = {}, required = [] } = schema;
  if (example !== undefined) return example;
  if (schema.enum !== undefined) return schema.enum[0];
  if (anyOf?.[0] !== undefined) return exampleOf(anyOf[0]);
  if (schema.type === "integer") return schema.minimum ?? 1;
  if (schema.type === "object") {
    return Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] ?? {})]));
  }
  return schema.type === "string" ? "…" : [];
}
