/** Rich payloads as JSON, for those who look from outside. */
import { parse } from "devalue";
import type { JsonValue } from "../../core/api/views.ts";

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** A value as JSON: dates as ISO text, big integers as text, maps and sets as arrays, no cycles. */
function toJson(value: unknown, path: ReadonlySet<object>): JsonValue {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return (value ?? null) as JsonValue;
  if (path.has(value)) return null;
  const inside = new Set(path).add(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return toJson(new Uint8Array(value), path);
  if (isIterable(value)) return Array.from(value, (item) => toJson(item, inside));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, toJson(member, inside)]));
}

/** What the guest's rich encoding says, as close to it as JSON comes. */
export function openRich(text: string): JsonValue {
  const value: unknown = parse(text, {
    Error: (fields: object) => fields,
    Instance: (fields: object) => fields,
    DurablePromise: (fields: object) => fields,
    AgentStub: (fields: object) => fields,
    Binding: (fields: object) => fields,
    Stream: (body: object) => body,
    Response: (fields: object) => fields,
    R2Object: ({ members, body }: { members: object; body?: object }) => ({ ...members, ...body }),
    Headers: (entries: [string, string][]) => Object.fromEntries(entries),
  });
  return toJson(value, new Set());
}
