import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "./startup-error.ts";

const patienceMs = 30_000;
const pollMs = 20;

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/health`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Waits until the server really answers (true), or until waiting has been abandoned (false). */
export async function waitUntilHealthy(url: string, abandoned: AbortSignal): Promise<boolean> {
  const tooLate = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([tooLate, abandoned]);
  while (!(await isHealthy(url, signal))) {
    if (abandoned.aborted) return false;
    if (tooLate.aborted) {
      throw new StartupError(
        `${url}/v1/health did not answer within ${patienceMs / 1000} seconds: look at the messages ` +
          "above, and start again.",
      );
    }
    await delay(pollMs);
  }
  return true;
}
