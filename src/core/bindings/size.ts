/** How large a value is, roughly: the characters of its texts, the bytes of its buffers. */

/** What a number, a date or a member takes in a record, about. */
const SMALL = 8;

/** Whether a value is larger than `limit`; it is looked at no further than that. */
export function isLargerThan(value: unknown, limit: number): boolean {
  const met = new Set<object>();
  const open: unknown[] = [value];
  let size = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") size += next.length;
    else if (typeof next !== "object" || next === null) size += SMALL;
    else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) size += next.byteLength;
    else if (!met.has(next)) {
      met.add(next);
      size += SMALL;
      for (const [name, member] of membersOf(next)) {
        size += name.length;
        open.push(member);
      }
    }
    if (size > limit) return true;
  }
  return false;
}

function membersOf(value: object): (readonly [string, unknown])[] {
  if (value instanceof Map)
    return [...value].flatMap(([key, kept]) => [
      ["", key],
      ["", kept],
    ]);
  if (value instanceof Set || Array.isArray(value)) {
    return Array.from(value, (kept: unknown) => ["", kept] as const);
  }
  return Object.entries(value);
}
