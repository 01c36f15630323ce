/**
 * Streams, responses and stored objects as bindings give them: made from what is recorded, so they
 * are the same live and in replay, and can be kept in fields like other values.
 */
import type { BindingValue, Body, FetchResponse, StoredObjectData } from "../../core/protocol.ts";
import { decodeBody } from "../../transport/body.ts";
import { giveBody, streamOf } from "./bodies.ts";
import { give } from "../fetch/body-readers.ts";
import { toResponse } from "../fetch/response.ts";
import { keepClass } from "../values.ts";

const streams = new WeakMap<object, Body>();
const responses = new WeakMap<object, FetchResponse>();
const objects = new WeakMap<object, StoredObjectData>();

function kept<T extends object>(made: WeakMap<object, T>): (value: unknown) => T | undefined {
  return (value) => (typeof value === "object" && value !== null ? made.get(value) : undefined);
}

function makeStream(body: Body): ReadableStream {
  const stream = streamOf(decodeBody(body));
  streams.set(stream, body);
  return stream;
}

function makeResponse(recorded: FetchResponse): Response {
  const response = toResponse(recorded, "GET", () => makeResponse(recorded));
  responses.set(response, recorded);
  return response;
}

/** The headers that go with an object's HTTP metadata. */
const METADATA_HEADERS = {
  contentType: "content-type",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  contentEncoding: "content-encoding",
  cacheControl: "cache-control",
  cacheExpiry: "expires",
} as const;

type HttpMetadata = { readonly [Name in keyof typeof METADATA_HEADERS]?: string | Date };

function writeMetadata(metadata: HttpMetadata, headers: Headers): void {
  for (const [name, header] of Object.entries(METADATA_HEADERS)) {
    const value = metadata[name as keyof HttpMetadata];
    if (value !== undefined) {
      headers.set(header, value instanceof Date ? value.toUTCString() : value);
    }
  }
}

function toHex(value: unknown): unknown {
  return value instanceof ArrayBuffer ? new Uint8Array(value).toHex() : value;
}

function makeObject(data: StoredObjectData): object {
  const { httpMetadata: metadata = {}, checksums = {}, ...members } = data.members;
  const sums = checksums as Readonly<Record<string, unknown>>;
  const httpMetadata = metadata as HttpMetadata;
  const object = { ...members, httpMetadata, checksums: { ...sums } };
  give(object.checksums, {
    toJSON: () => Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, toHex(sum)])),
  });
  give(object, {
    writeHttpMetadata: (headers: Headers) => writeMetadata(httpMetadata, headers),
  });
  if (data.body !== undefined) {
    const { contentType } = httpMetadata;
    giveBody(object, decodeBody(data.body), typeof contentType === "string" ? contentType : "");
  }
  objects.set(object, data);
  return object;
}

keepClass("Stream", { reduce: kept(streams), revive: makeStream });
keepClass("Response", { reduce: kept(responses), revive: makeResponse });
keepClass("R2Object", { reduce: kept(objects), revive: makeObject });
keepClass("Headers", {
  reduce: (value) => value instanceof Headers && [...value],
  revive: (entries: [string, string][]) => new Headers(entries),
});

/** What the host gave, as the values that it stands for. */
export function fromBindingValue(given: BindingValue): unknown {
  switch (given.form) {
    case "plain":
      return given.value;
    case "list":
      return given.items.map(fromBindingValue);
    case "members":
      return Object.fromEntries(
        Object.entries(given.members).map(([name, member]) => [name, fromBindingValue(member)]),
      );
    case "stream":
      return makeStream(given.body);
    case "response":
      return makeResponse(given.response);
    case "object":
      return makeObject(given.object);
  }
}
