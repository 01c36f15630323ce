/** The first place at which two JSON values differ, short enough for a report. */
import type { JsonValue } from "../api/views.ts";

/** `path` is a JSON path; a side that has nothing there is absent. */
export interface Difference {
  readonly path: string;
  readonly recorded?: JsonValue;
  readonly replayed?: JsonValue;
}

/** Characters of a value that a report shows. */
const SHOWN = 200;
/** Characters of a text that are shown before the place at which it differs. */
const BEFORE = 40;

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

function isRecord(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** Values as they are where they are short; long ones as the text of their JSON, cut. */
function shown(value: JsonValue): JsonValue {
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? value : cut(text, SHOWN);
}

/**
 * Two texts for a report: where one is too long, `head` characters of its beginning, and what there
 * is from shortly before the first character in which the two differ.
 */
export function cutTexts(
  recorded: string,
  replayed: string,
  head: number,
): readonly [recorded: string, replayed: string] {
  if (recorded.length <= SHOWN && replayed.length <= SHOWN) return [recorded, replayed];
  let at = 0;
  while (at < recorded.length && recorded[at] === replayed[at]) at += 1;
  const from = at - BEFORE;
  const excerpt = (text: string): string =>
    from <= head ? cut(text, SHOWN) : `${text.slice(0, head)}…${cut(text.slice(from), SHOWN)}`;
  return [excerpt(recorded), excerpt(replayed)];
}

type Side = JsonValue | undefined;

function differ(path: string, recorded: Side, replayed: Side): Difference {
  if (typeof recorded === "string" && typeof replayed === "string") {
    const [left, right] = cutTexts(recorded, replayed, 0);
    return { path, recorded: left, replayed: right };
  }
  return {
    path,
    ...(recorded === undefined ? {} : { recorded: shown(recorded) }),
    ...(replayed === undefined ? {} : { replayed: shown(replayed) }),
  };
}

/** The members of both, in the order of the recorded ones. */
function membersOf(
  path: string,
  recorded: JsonValue,
  replayed: JsonValue,
): Iterable<readonly [path: string, recorded: Side, replayed: Side]> | undefined {
  if (Array.isArray(recorded) && Array.isArray(replayed)) {
    const [left, right]: readonly (readonly JsonValue[])[] = [recorded, replayed];
    const length = Math.max(recorded.length, replayed.length);
    return Array.from({ length }, (_, at) => [`${path}[${at}]`, left?.[at], right?.[at]] as const);
  }
  if (!isRecord(recorded) || !isRecord(replayed)) return undefined;
  const own = (of: Readonly<Record<string, JsonValue>>, name: string): Side =>
    Object.hasOwn(of, name) ? of[name] : undefined;
  const names = new Set([...Object.keys(recorded), ...Object.keys(replayed)]);
  return Array.from(
    names,
    (name) => [memberPath(path, name), own(recorded, name), own(replayed, name)] as const,
  );
}

/** Nothing when the values are equal; members of objects have no order. */
export function firstDifference(
  recorded: JsonValue,
  replayed: JsonValue,
  path = "$",
): Difference | undefined {
  if (recorded === replayed) return undefined;
  const members = membersOf(path, recorded, replayed);
  if (members === undefined) return differ(path, recorded, replayed);
  for (const [at, left, right] of members) {
    const found =
      left === undefined || right === undefined
        ? differ(at, left, right)
        : firstDifference(left, right, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
