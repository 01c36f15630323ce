import { isDeepStrictEqual } from "node:util";

/** One line of the closing table. */
export interface Check {
  readonly label: string;
  readonly expected: string;
  readonly found: string;
  readonly ok: boolean;
  /** What is off, for whoever has to find out why. */
  readonly notes: readonly string[];
}

const started = performance.now();
const colours = process.stdout.isTTY;

/** Prints one line about what happens now. */
export function say(topic: string, message: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  console.log(`${paint(2, `${seconds}s`)}  ${topic.padEnd(9)} ${message}`);
}

/** A check that holds when `found` is what was `expected`. */
export function check(
  label: string,
  expected: number | string,
  found: number | string,
  notes: readonly string[] = [],
): Check {
  const ok = isDeepStrictEqual(expected, found) && notes.length === 0;
  return { label, expected: String(expected), found: String(found), ok, notes };
}

/** Prints the table and says whether every line of it holds. */
export function printTable(checks: readonly Check[]): boolean {
  const width = Math.max(...checks.map(({ label }) => label.length));
  const rule = `  ${"─".repeat(width + 24)}`;
  console.log(
    `\n    ${"".padEnd(width)}  ${"expected".padStart(9)} ${"found".padStart(9)}\n${rule}`,
  );
  for (const { label, expected, found, ok, notes } of checks) {
    const mark = ok ? paint(32, "✓") : paint(31, "✗");
    console.log(`  ${mark} ${label.padEnd(width)}  ${expected.padStart(9)} ${found.padStart(9)}`);
    for (const note of notes.slice(0, 5)) console.log(`      ${paint(31, note)}`);
    if (notes.length > 5) console.log(`      … and ${notes.length - 5} more`);
  }
  console.log(rule);
  const failed = checks.filter(({ ok }) => !ok).length;
  console.log(failed === 0 ? "  Everything as expected.\n" : `  ${failed} of these are off.\n`);
  return failed === 0;
}

/** The first part of an id, which is enough to recognize it. */
export function short(id: string): string {
  return id.length > 12 ? `${id.slice(0, 12)}…` : id;
}

function paint(code: number, text: string): string {
  return colours ? `\u001b[${code}m${text}\u001b[0m` : text;
}
