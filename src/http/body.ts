import type * as z from "zod";
import { accept, refuse, type Result } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { invalidRequest, issuesOf } from "./invalid-request.ts";
import { readStream } from "./read-stream.ts";

const json = "application/json";

/** A body that was read; `text` is empty when there was none. */
export interface Body {
  readonly mediaType: string;
  readonly text: string;
}

/** A JSON value together with the text that it was parsed from. */
export interface JsonBody {
  readonly text: string;
  readonly value: unknown;
}

/** Reads a body of one of the accepted media types; without a Content-Type it counts as JSON. */
export async function readBody(
  request: Request,
  accepted: readonly string[],
): Promise<Result<Body>> {
  const mediaType = mediaTypeOf(request);
  const supported = mediaType !== undefined && accepted.includes(mediaType);
  const bytes = await readStream(request, limits.requestBodyBytes);
  if (bytes === "too-large") return tooLarge();
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

/** Reads a JSON body; undefined when there is none. */
export async function readJson(request: Request): Promise<Result<JsonBody | undefined>> {
  const body = await readBody(request, [json]);
  if (!body.ok) return body;
  return body.value.text === "" ? accept(undefined) : parseJson(body.value.text);
}

/** Reads a JSON body that has to fit a schema; no body counts as `absent`. */
export async function readJsonAs<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  absent?: unknown,
): Promise<Result<z.output<Schema>>> {
  const body = await readJson(request);
  if (!body.ok) return body;
  if (body.value === undefined && absent === undefined) {
    return invalidRequest({ path: ["body"], message: "is missing: send JSON" });
  }
  return checkJson(body.value === undefined ? absent : body.value.value, schema);
}

/** Parses a JSON text that is not empty. */
export function parseJson(text: string): Result<JsonBody> {
  try {
    return accept({ text, value: JSON.parse(text) as unknown });
  } catch {
    return refuse("invalid-json", "The body is not JSON: check it with a JSON validator.");
  }
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

function tooLarge(): Result<never> {
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
