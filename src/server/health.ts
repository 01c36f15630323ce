import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "./startup-error.ts";

const patienceMs = 30_000;
const pollMs = 20;

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(patienceMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Waits until the server really answers. */
export async function waitUntilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isHealthy(url))) {
    if (Date.now() > deadline) {
      throw new StartupError(
        `${url}/v1/health did not answer within ${patienceMs / 1000} seconds: look at the messages ` +
          "above, and start again.",
      );
    }
    await delay(pollMs);
  }
}
