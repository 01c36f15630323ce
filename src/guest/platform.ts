/**
 * The platform's own functions, taken before author code can see or replace anything. Nothing else
 * in the guest may reach for these globals by name.
 */
const {
  setTimeout: setTimer,
  clearTimeout: clearTimer,
  queueMicrotask: enqueueMicrotask,
  Response: PlatformResponse,
} = globalThis;
const PlatformFile = File;
const PlatformDate = Date;
const readText: () => Promise<string> = Reflect.get(PlatformResponse.prototype, "text");
const PlatformRequest = Request;
const PlatformReadableStream = ReadableStream;
const PlatformAbortController = AbortController;
const getRandomValues = crypto.getRandomValues.bind(crypto);
const randomUUID = crypto.randomUUID.bind(crypto);
const platformRandom = Math.random;

export {
  PlatformAbortController,
  PlatformDate,
  PlatformFile,
  PlatformReadableStream,
  PlatformRequest,
  PlatformResponse,
  clearTimer,
  enqueueMicrotask,
  getRandomValues,
  platformRandom,
  randomUUID,
  setTimer,
};

/** Epoch milliseconds of the machine. */
export function realNow(): number {
  return PlatformDate.now();
}

/**
 * Resolves in the next turn of the event loop, when the microtask queue is empty: the code that ran
 * before has then gone as far as it can. A body read is the cheapest way to leave the turn here.
 */
export async function nextTurn(): Promise<void> {
  await Reflect.apply(readText, new PlatformResponse(""), []);
}

/** Resolves after `ms` milliseconds of real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimer(resolve, ms);
  });
}
