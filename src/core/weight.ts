/** How much room a value takes on its way between isolates, at most. */

/** A number, a reference, the length of a text or of a list. */
const NODE_BYTES = 10;
/** A text in which one character is not Latin takes two bytes for each. */
const UNIT_BYTES = 2;

/** Whether JSON holds all of a tree: what bindings take and give may have bytes and maps in it. */
export function isJsonTree(value: unknown): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "bigint") return false;
    if (typeof next !== "object" || next === null) continue;
    if (!Array.isArray(next) && Object.getPrototypeOf(next) !== Object.prototype) return false;
    for (const member of Object.values(next)) left.push(member);
  }
  return true;
}

/** Whether a tree of plain data may weigh more than `limit` bytes. Looks no further once that is known. */
export function isHeavierThan(value: unknown, limit: number): boolean {
  let weight = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    weight += NODE_BYTES;
    if (typeof next === "string") weight += next.length * UNIT_BYTES;
    else if (ArrayBuffer.isView(next)) weight += next.byteLength;
    else if (Array.isArray(next)) {
      if (weight + next.length * NODE_BYTES > limit) return true;
      for (const item of next) left.push(item);
    } else if (typeof next === "object" && next !== null) {
      for (const name of Object.keys(next)) {
        weight += NODE_BYTES + name.length * UNIT_BYTES;
        left.push((next as Readonly<Record<string, unknown>>)[name]);
      }
    }
    if (weight > limit) return true;
  }
  return false;
}
