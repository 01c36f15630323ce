const pausesMs = [10, 50, 250];

/**
 * Calls an object, and calls it again when it went away under the call: its process was reset or
 * the connection to it lost. Only for calls that may be repeated; `call` has to take a fresh stub
 * every time, for one that has failed once fails for ever.
 */
export async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (const pause of pausesMs) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return call();
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded, durableObjectReset } = error as Error & {
    readonly retryable?: boolean;
    readonly overloaded?: boolean;
    readonly durableObjectReset?: boolean;
  };
  if (overloaded === true) return false;
  return (
    retryable === true ||
    durableObjectReset === true ||
    /\breset\b|connection lost|broken/i.test(error.message)
  );
}
