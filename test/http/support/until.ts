import { setTimeout as delay } from "node:timers/promises";

const limitMs = 20_000;

/** Asks again until the answer holds, and gives it; fails after a limit with the last answer. */
export async function until<T>(
  ask: () => Promise<T> | T,
  holds: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`Waited in vain until ${String(holds)}; last: ${JSON.stringify(answer)}`);
    }
    await delay(10);
  }
}
