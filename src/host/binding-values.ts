/** What bindings give, as data that can be recorded: streams, bodies and objects are read whole. */
import { readResponse } from "./exchange.ts";
import { isLargerThan } from "../core/bindings/size.ts";
import type { BindingValue, Body, StoredObjectData } from "../core/protocol.ts";
import { encodeBody, readWhole } from "../transport/body.ts";

/** A result cannot be recorded: it is too large, or no data. */
export class Unrecordable extends Error {
  readonly code: "payload-too-large" | "result-not-recordable";

  constructor(code: Unrecordable["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Of which call a value is, and how many bytes of it may be recorded. */
export interface Source {
  readonly what: string;
  readonly limit: number;
}

function tooLarge({ what, limit }: Source): Unrecordable {
  return new Unrecordable(
    "payload-too-large",
    `What ${what} gave is larger than ${limit} bytes; ask for less of it, or for a part at a time.`,
  );
}

async function readStream(stream: ReadableStream, source: Source): Promise<Body> {
  return encodeBody(await readWhole(stream, source.limit, () => tooLarge(source)));
}

function isStoredObject(value: object): value is R2Object {
  return "httpEtag" in value && typeof Reflect.get(value, "writeHttpMetadata") === "function";
}

function isUpload(value: object): value is R2MultipartUpload {
  return "uploadId" in value && typeof Reflect.get(value, "uploadPart") === "function";
}

/** Members that are there, without those that are `undefined`. */
function given(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

async function readObject(object: R2Object, source: Source): Promise<StoredObjectData> {
  const { checksums, httpMetadata, range, ...rest } = given(object);
  const { md5, sha1, sha256, sha384, sha512 } = checksums as R2Checksums;
  const members = {
    ...rest,
    checksums: given({ md5, sha1, sha256, sha384, sha512 }),
    httpMetadata: given(httpMetadata as object),
    ...(range === undefined ? {} : { range: given(range as object) }),
  };
  const { body } = object as R2Object & { readonly body?: ReadableStream };
  return body === undefined ? { members } : { members, body: await readStream(body, source) };
}

function plain(value: unknown, source: Source): BindingValue {
  if (isLargerThan(value, source.limit)) throw tooLarge(source);
  try {
    return { form: "plain", value: structuredClone(value) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Unrecordable(
      "result-not-recordable",
      `What ${source.what} gave cannot be recorded, for it is not data: ${message} Give the host a service binding whose methods return data, and call that.`,
    );
  }
}

/** Whether something in a value can be read but once. */
function isLive(value: unknown): value is object {
  return (
    value instanceof ReadableStream ||
    value instanceof Response ||
    (typeof value === "object" && value !== null && isStoredObject(value))
  );
}

function hasLive(value: object): boolean {
  return Object.values(value).some(
    (member) => isLive(member) || (Array.isArray(member) && member.some(isLive)),
  );
}

/** The result of a call as data. */
export async function toBindingValue(value: unknown, source: Source): Promise<BindingValue> {
  if (typeof value !== "object" || value === null) return plain(value, source);
  if (value instanceof ReadableStream) {
    return { form: "stream", body: await readStream(value, source) };
  }
  if (value instanceof Response) {
    return {
      form: "response",
      response: await readResponse(value, source.limit, () => tooLarge(source)),
    };
  }
  if (isUpload(value)) {
    return { form: "plain", value: { key: value.key, uploadId: value.uploadId } };
  }
  if (isStoredObject(value)) return { form: "object", object: await readObject(value, source) };
  if (!hasLive(value)) return plain(value, source);
  if (Array.isArray(value)) {
    const items: BindingValue[] = [];
    for (const item of value) items.push(await toBindingValue(item, source));
    return { form: "list", items };
  }
  const members: Record<string, BindingValue> = {};
  for (const [name, member] of Object.entries(value)) {
    members[name] = await toBindingValue(member, source);
  }
  return { form: "members", members };
}
