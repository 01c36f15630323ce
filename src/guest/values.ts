/** Values of agent code as payloads: plain JSON where that loses nothing, devalue's text elsewhere. */
import { parse, stringify } from "devalue";
import type { JsonValue } from "../core/api/views.ts";
import { richPayload, richText, type Payload } from "../core/oplog/payload.ts";

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether JSON gives the value back exactly: a tree of plain data, no object met twice. */
function isJsonTree(value: unknown, met: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || isJsonContainer(value, met);
    default:
      return false;
  }
}

function isJsonContainer(value: object, met: Set<object>): boolean {
  if (met.has(value)) return false;
  met.add(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      if (!(at in value) || !isJsonTree(value[at], met)) return false;
    }
    return true;
  }
  if (!isPlainObject(value)) return false;
  if (Object.getOwnPropertySymbols(value).length > 0 || "toJSON" in value) return false;
  return Object.keys(value).every(
    (name) => name !== "__proto__" && isJsonTree((value as Record<string, unknown>)[name], met),
  );
}

interface KeptClass {
  /** What is kept of a value of the class; false for any other value. */
  readonly reduce: (value: unknown) => unknown;
  readonly revive: (kept: never) => unknown;
}

const keptReducers: Record<string, KeptClass["reduce"]> = {};
const keptRevivers: Record<string, KeptClass["revive"]> = {};

/** Lets values of a class of the runtime arrive as such. */
export function keepClass(name: string, { reduce, revive }: KeptClass): void {
  keptReducers[name] = reduce;
  keptRevivers[name] = revive;
}

/** Errors and instances of classes are cloned as the structured clone algorithm does. */
const reducers = {
  Error: (value: unknown) => value instanceof Error && { name: value.name, message: value.message },
  Instance: (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === "[object Object]" &&
    !isPlainObject(value) && { ...value },
};

const revivers = {
  Error: ({ name, message }: { name: string; message: string }) =>
    Object.assign(new Error(message), { name }),
  Instance: (fields: object) => fields,
};

/** Says what cannot be cloned, and where: `path` begins with the name given to `encode`. */
export class UncloneableError extends TypeError {
  override name = "DataCloneError";
}

/** The payload of a value; `what` names it in the error when it cannot be cloned. */
export function encode(value: unknown, what: string): Payload {
  if (isJsonTree(value, new Set())) return JSON.stringify(value);
  try {
    return richPayload(stringify(value, { ...keptReducers, ...reducers }));
  } catch (error) {
    const { path, message } = error as { path?: string; message: string };
    throw new UncloneableError(`${what}${path ?? ""} cannot be cloned: ${message}`);
  }
}

/** The value of a payload, a fresh copy at each call. */
export function decode(payload: Payload): unknown {
  const rich = richText(payload);
  return rich === undefined
    ? (JSON.parse(payload) as unknown)
    : parse(rich, { ...revivers, ...keptRevivers });
}

/** The value as JSON, when it is JSON. */
export function jsonOrNothing(value: unknown): JsonValue | undefined {
  if (value === undefined || !isJsonTree(value, new Set())) return undefined;
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
