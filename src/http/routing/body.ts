import * as z from "zod";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { invalidRequest, issuesOf } from "./invalid-request.ts";
import { readStream } from "./read-stream.ts";

const json = "application/json";

/** Whoever walks through a value that nests deeper might run out of stack, also when it is shown. */
const deepestJson = 1_000;

/** How a route takes its body, and how that is described. */
export interface BodyReader<Body> {
  /** Its schema by media type. */
  readonly content: Readonly<Record<string, z.ZodType>>;
  /** Whether there has to be one. */
  readonly required: boolean;
  readonly description?: string;
  read(request: Request, limits: Limits): Promise<Result<Body>>;
}

/** A body that was read; `text` is empty when there was none. */
export interface ReadBody {
  readonly mediaType: string;
  readonly text: string;
}

/** A JSON value together with the text that it was parsed from. */
export interface JsonBody {
  readonly text: string;
  readonly value: unknown;
}

/** A JSON body that has to fit a schema. */
export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
  description?: string,
): BodyReader<z.output<Schema>> {
  return {
    content: { [json]: schema },
    required: true,
    ...(description === undefined ? {} : { description }),
    read: async (request, limits) => {
      const body = await readJson(request, limits);
      if (!body.ok) return body;
      return body.value === undefined ? missing("send JSON") : checkJson(body.value.value, schema);
    },
  };
}

/** One that may be left out, and then counts as an empty object. */
export function optionalJson<Schema extends z.ZodType>(
  schema: Schema,
): BodyReader<z.output<Schema>> {
  return {
    content: { [json]: schema },
    required: false,
    read: async (request, limits) => {
      const body = await readJson(request, limits);
      return body.ok ? checkJson(body.value === undefined ? {} : body.value.value, schema) : body;
    },
  };
}

/** Any JSON value, or none; what it means is told in the description. */
export function anyJson(description: string): BodyReader<JsonBody | undefined> {
  return { content: { [json]: z.unknown() }, required: false, description, read: readJson };
}

/** The refusal of a request without the body that it needs. */
export function missing(advice: string): Result<never> {
  return invalidRequest({ path: ["body"], message: `is missing: ${advice}` });
}

/** Reads a body of one of the accepted media types; without a Content-Type it counts as JSON. */
export async function readBody(
  request: Request,
  accepted: readonly string[],
  limits: Limits,
): Promise<Result<ReadBody>> {
  const mediaType = mediaTypeOf(request);
  const supported = mediaType !== undefined && accepted.includes(mediaType);
  const bytes = await readStream(request, limits.requestBodyBytes);
  if (bytes === "too-large") return tooLarge(limits);
  if (bytes === "broken") {
    return invalidRequest({ path: ["body"], message: "ended before it was complete" });
  }
  if (bytes.byteLength === 0) return accept({ mediaType: supported ? mediaType : json, text: "" });
  if (!supported) return unsupported(request, accepted);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    return accept({ mediaType, text });
  } catch {
    return mediaType === json
      ? refuse("invalid-json", "The body is not UTF-8: JSON travels as UTF-8.")
      : invalidRequest({ path: ["body"], message: "is not UTF-8" });
  }
}

/** A body of that media type, which is not read yet. */
export function streamedBody(
  request: Request,
  mediaType: string,
): Result<ReadableStream<Uint8Array>> {
  if (request.body === null) return missing(`send ${mediaType}`);
  return mediaTypeOf(request) === mediaType
    ? accept(request.body)
    : unsupported(request, [mediaType]);
}

/** Reads a JSON body; undefined when there is none. */
async function readJson(request: Request, limits: Limits): Promise<Result<JsonBody | undefined>> {
  const body = await readBody(request, [json], limits);
  if (!body.ok) return body;
  return body.value.text === "" ? accept(undefined) : parseJson(body.value.text);
}

/** Parses a JSON text that is not empty. */
export function parseJson(text: string): Result<JsonBody> {
  const value = parsed(text);
  if (value === undefined) {
    return refuse("invalid-json", "The body is not JSON: check it with a JSON validator.");
  }
  if (!isDeeperThan(deepestJson, value)) return accept({ text, value });
  const message = `has lists and objects in each other more than ${deepestJson} deep: flatten it`;
  return invalidRequest({ path: ["body"], message });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isDeeperThan(limit: number, value: unknown): boolean {
  let level = containersIn([value]);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((container) =>
      containersIn(Array.isArray(container) ? container : Object.values(container)),
    );
  }
  return false;
}

function containersIn(values: readonly unknown[]): readonly object[] {
  return values.filter((value) => typeof value === "object" && value !== null);
}

/** Checks a parsed body against a schema. */
export function checkJson<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): Result<z.output<Schema>> {
  const checked = schema.safeParse(value);
  return checked.success
    ? accept(checked.data)
    : invalidRequest(...issuesOf("body", checked.error));
}

/** The bare media type; undefined when its parameters or a Content-Encoding make it unreadable. */
function mediaTypeOf(request: Request): string | undefined {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") return undefined;
  const header = request.headers.get("content-type");
  if (header === null) return json;
  const [bare = "", ...parameters] = header.toLowerCase().split(";");
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return undefined;
  return bare.trim();
}

function tooLarge(limits: Limits): Result<never> {
  return refuse(
    "payload-too-large",
    `The body has more than ${limits.requestBodyBytes} bytes, which is the limit: send less.`,
  );
}

function unsupported(request: Request, accepted: readonly string[]): Result<never> {
  const given = request.headers.get("content-type") ?? "none";
  return refuse(
    "unsupported-media-type",
    `The body has Content-Type ${JSON.stringify(given)}; send ${accepted.join(" or ")} in UTF-8 without Content-Encoding.`,
  );
}
