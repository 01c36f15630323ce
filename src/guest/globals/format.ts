/** The line that a console prints for its arguments. */
type Format = (...values: readonly unknown[]) => string;

let formatLikeConsole: Format | undefined;

/** The formatter is half of the runtime's code: it is evaluated when something is first logged. */
function loadFormatter(): Format {
  // oxlint-disable-next-line unicorn/prefer-module, typescript/no-require-imports
  return (require("node-inspect-extracted") as { readonly format: Format }).format;
}

export function format(values: readonly unknown[]): string {
  formatLikeConsole ??= loadFormatter();
  return formatLikeConsole(...values);
}
