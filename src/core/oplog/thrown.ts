/** What was thrown, as data. */
import type { ErrorData } from "./entry.ts";

export function thrownData(thrown: unknown): ErrorData {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  const { name, message } = thrown;
  return { name, message };
}
