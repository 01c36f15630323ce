import { accept, type Result } from "../../core/errors.ts";
import { invalidRequest } from "./invalid-request.ts";

/** One page of a list: its elements, and the cursor of the next page when there is one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
}

/**
 * The page out of a list that was asked for one element more than the page has; `position` tells
 * (in ASCII) where an element stands in the order.
 */
export function toPage<Item>(
  items: readonly Item[],
  limit: number,
  position: (item: Item) => string,
): Page<Item> {
  const last = items[limit - 1];
  if (items.length <= limit || last === undefined) return { items };
  return { items: items.slice(0, limit), cursor: makeCursor(position(last)) };
}

/** The position in a cursor; undefined when no cursor was given. */
export function readCursor(
  cursor: string | undefined,
  pattern: RegExp,
): Result<string | undefined> {
  if (cursor === undefined) return accept(undefined);
  const position = decode(cursor);
  if (position !== undefined && pattern.test(position)) return accept(position);
  return invalidCursor();
}

/** Refuses a cursor that this list has not made. */
export function invalidCursor(): Result<never> {
  return invalidRequest({
    path: ["query", "cursor"],
    message: "is not a cursor of this list; take it from the answer of the page before",
  });
}

/** The cursor of a position. */
export function makeCursor(position: string): string {
  return btoa(position).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(cursor: string): string | undefined {
  try {
    return atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}
