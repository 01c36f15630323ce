// Prints "passed failed" of a vitest JSON report. A run that failed by anything but a test (an
// unhandled error, a file that does not load, no report at all) counts as one failure at least.
import { readFileSync } from "node:fs";

const [path, exitStatus] = process.argv.slice(2);

/**
 * @param {unknown} report
 * @param {string} name
 */
function count(report, name) {
  if (typeof report !== "object" || report === null) return 0;
  return Number(Object.entries(report).find(([key]) => key === name)?.[1] ?? 0);
}

function readCounts() {
  try {
    /** @type {unknown} */
    const report = JSON.parse(readFileSync(path ?? "", "utf8"));
    return { passed: count(report, "numPassedTests"), failed: count(report, "numFailedTests") };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

const { passed, failed } = readCounts();
console.log(`${passed} ${exitStatus === "0" ? failed : Math.max(failed, 1)}`);
