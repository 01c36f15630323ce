/** A stream that asks for each chunk when it is wanted, as streams have to be that go to another isolate. */
export function byteStreamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      for (;;) {
        const next: IteratorResult<Uint8Array, undefined> = await iterator.next();
        if (next.done === true) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        // An empty chunk would not count as an answer.
        if (next.value.byteLength > 0) return controller.enqueue(next.value);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
