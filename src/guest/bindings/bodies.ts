/** Bodies that are in memory: what reads them takes no turn of the event loop. */
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
  const text = (): string => new TextDecoder().decode(take());
  const readers = {
    text: async () => text(),
    json: async () => JSON.parse(text()) as unknown,
    arrayBuffer: async () => take().buffer,
    bytes: async () => take(),
    blob: async () => new Blob([take()], { type }),
  };
  Object.defineProperties(target, {
    ...Object.fromEntries(
      Object.entries(readers).map(([name, value]) => [name, { value, configurable: true }]),
    ),
    body: { value: body, configurable: true },
    bodyUsed: { get: () => isUsed, configurable: true },
  });
}
