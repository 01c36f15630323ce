/** Requests for an operation, out of its description and of what there is on the server. */
import * as fc from "fast-check";
import type { Operation, Parameter } from "../description.ts";
import { fitting, hostileBodies, hostileTexts, nearly } from "./values.ts";

export interface FuzzRequest {
  readonly operation: Operation;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Values that mean something on the server, by the name of a parameter. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** Segments as they are sent, of which no parser should lose its head. */
const rawSegments = [
  "%",
  "%zz",
  "%E0%A4",
  "%C0%AE",
  "%00",
  "%2F",
  "%2e",
  "..%2f..",
  "a;b=c",
  "a%20b",
];

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    "x-request-id",
    "accept",
    "accept-encoding",
    "if-none-match",
    "range",
    "prefer",
    "idempotency-key",
    "last-event-id",
    "content-encoding",
    "x-http-method-override",
    "cookie",
  ),
  fc.oneof(
    fc.constantFrom(
      "*/*",
      "gzip",
      "identity",
      "respond-async",
      "bytes=0-1",
      "DELETE",
      ",",
      "\u00FF",
    ),
    fc.stringMatching(/^[\x21-\x7e]{0,300}$/),
  ),
  { maxKeys: 2 },
);

const mediaTypes = [
  "application/json",
  "application/json; charset=utf-8",
  "text/javascript",
  "text/plain",
  "application/json; charset=latin1",
  "application/octet-stream",
  "*/*",
  "",
];

/** Requests for one operation. */
export function requestsFor(operation: Operation, known: Known): fc.Arbitrary<FuzzRequest> {
  const { path, parameters = [] } = operation;
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const inHeader = parameters.filter((parameter) => parameter.in === "header");
  return fc
    .record({
      segments: fc.tuple(...inPath.map((parameter) => segmentFor(parameter, known))),
      query: queryFor(inQuery, known),
      declared: headersFor(inHeader, known),
      odd: fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: oddHeaders },
      ),
      body: bodyFor(operation, known),
    })
    .map(({ segments, query, declared, odd, body }) => {
      const filled = inPath.reduce(
        (text, { name }, at) => text.replace(`{${name}}`, () => segments[at] ?? ""),
        path,
      );
      const target = query === "" ? filled : `${filled}?${query}`;
      const headers = Object.assign({}, declared, odd, body.headers);
      return { operation, target, headers, body: body.text };
    });
}

function segmentFor({ name, schema }: Parameter, known: Known): fc.Arbitrary<string> {
  const values = known[name] ?? [];
  return fc
    .oneof(
      {
        weight: 12,
        arbitrary:
          values.length === 0
            ? fitting(schema).map(encoded)
            : fc.constantFrom(...values).map(encoded),
      },
      { weight: 1, arbitrary: fitting(schema).map(encoded) },
      { weight: 1, arbitrary: hostileTexts.map(encoded) },
      { weight: 1, arbitrary: fc.constantFrom(...rawSegments) },
    )
    .filter((segment) => !/^(\.|%2e){0,2}$/i.test(segment));
}

function queryFor(parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> {
  const pairs = parameters.map((parameter) => {
    const value = fc.oneof(
      { weight: 4, arbitrary: fitted(parameter, known) },
      { weight: 1, arbitrary: hostileTexts },
    );
    return fc.option(
      value.map((text) => `${parameter.name}=${encoded(text)}`),
      { nil: "", freq: 1 },
    );
  });
  const odd = fc.constantFrom("", "", "", "&&", "limit=1&limit=2", "%zz=%zz", "unknown=1", "a[]=1");
  return fc.tuple(...pairs, odd).map((texts) => texts.filter((text) => text !== "").join("&"));
}

function fitted({ name, schema }: Parameter, known: Known): fc.Arbitrary<string> {
  const values = known[name];
  if (values !== undefined) return fc.constantFrom(...values);
  return fitting(schema.items ?? schema).map(String);
}

function headersFor(
  parameters: readonly Parameter[],
  known: Known,
): fc.Arbitrary<Record<string, string>> {
  const headers = parameters.map(
    (parameter) => [parameter.name, fitted(parameter, known)] as const,
  );
  return fc
    .record(Object.fromEntries(headers), { requiredKeys: [] })
    .map((given) => Object.assign({}, given) as Record<string, string>);
}

interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
}

function bodyFor({ requestBody }: Operation, known: Known): fc.Arbitrary<Body> {
  const contents = Object.entries(requestBody?.content ?? {});
  if (contents.length === 0) return fc.constant({ headers: {} });
  const ofContent = contents.map(([mediaType, { schema }]) => {
    const whole = (known[mediaType] ?? []).map((text) => fc.constant(text));
    const good = fc.oneof(fitting(schema), ...whole);
    const text = fc.oneof(
      { weight: 5, arbitrary: good.map((value) => textOf(mediaType, value)) },
      { weight: 3, arbitrary: good.chain(nearly).map((value) => textOf(mediaType, value)) },
      { weight: 1, arbitrary: hostileBodies },
    );
    const types = fc.oneof(
      { weight: 8, arbitrary: fc.constant(mediaType) },
      { weight: 1, arbitrary: fc.constantFrom(...mediaTypes) },
    );
    return fc
      .tuple(types, text)
      .map(([type, body]) => ({ headers: { "content-type": type }, text: body }));
  });
  return fc.oneof(
    { weight: 9, arbitrary: fc.oneof(...ofContent) },
    { weight: 1, arbitrary: fc.constant({ headers: {} }) },
  );
}

function textOf(mediaType: string, value: unknown): string {
  if (mediaType !== "application/json" && typeof value === "string") return value;
  return JSON.stringify(value) ?? "";
}

/** What is no Unicode cannot be encoded, and stands for what it is replaced by. */
function encoded(value: unknown): string {
  return encodeURIComponent(String(value).toWellFormed());
}
