/** Equality of JSON values: objects regardless of the order of their members. */
import type { JsonValue } from "./api/views.ts";

function isRecord(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function equalJson(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (isList(left) && isList(right)) {
    return (
      left.length === right.length &&
      left.every((item, at) => equalJson(item, right[at] as JsonValue))
    );
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every(
    (name) =>
      Object.hasOwn(right, name) && equalJson(left[name] as JsonValue, right[name] as JsonValue),
  );
}

/** The same for JSON texts; texts that are equal letter by letter are never parsed. */
export function equalJsonTexts(left: string, right: string): boolean {
  return left === right || equalJson(JSON.parse(left) as JsonValue, JSON.parse(right) as JsonValue);
}
