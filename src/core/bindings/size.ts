/** How large a value is, roughly, on its way between isolates: its texts, the bytes of its buffers. */

/** A text in which one character is not Latin takes two bytes for each. */
const NOT_LATIN = /[\u0100-\uffff]/;

/** What a number, a date or a member takes in a record, about. */
const SMALL = 8;

/** Whether a value is larger than `limit`; it is looked at no further than that. */
export function isLargerThan(value: unknown, limit: number): boolean {
  const met = new Set<object>();
  const open: unknown[] = [value];
  let size = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") size += next.length * (NOT_LATIN.test(next) ? 2 : 1);
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
