/** Asks objects again that could not be reached. */
import { defaultRetryPolicy, retryDelay } from "../core/retry.ts";

/** Only for what may be repeated; `ask` takes a fresh stub each time: one that has failed fails for ever. */
export async function persist<T>(ask: () => Promise<T>, policy = defaultRetryPolicy): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const delay = retryDelay(policy, attempt, Math.random());
      if (delay === undefined) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, delay);
      });
    }
  }
}
