/** Bodies that are in memory: what reads them takes no turn of the event loop. */
import { give, readersOf } from "../fetch/body-readers.ts";
import { PlatformReadableStream } from "../platform.ts";

/** A stream of the bytes; `onRead` is called when they are taken out of it. */
export function streamOf(bytes: Uint8Array<ArrayBuffer>, onRead = (): void => {}): ReadableStream {
  return new PlatformReadableStream(
    {
      pull(controller) {
        onRead();
        if (bytes.length > 0) controller.enqueue(bytes.slice());
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Gives `target` what a body has: its readers, `body` and `bodyUsed`. It can be read once. */
export function giveBody(target: object, bytes: Uint8Array<ArrayBuffer>, type = ""): void {
  let isUsed = false;
  const body = streamOf(bytes, () => {
    isUsed = true;
  });
  const take = (): Uint8Array<ArrayBuffer> => {
    if (isUsed || body.locked)
      throw new TypeError("The body has been read already; keep its text.");
    isUsed = true;
    return bytes.slice();
  };
  give(target, { ...readersOf(take, type), body });
  Object.defineProperty(target, "bodyUsed", { get: () => isUsed, configurable: true });
}
