/** The line that a console prints for its arguments. */
import { format as formatLikeConsole } from "node-inspect-extracted";

export function format(values: readonly unknown[]): string {
  return formatLikeConsole(...values);
}
