/** A client that still sends when it is refused would see a broken connection instead of the answer. */
const drainFactor = 4;
const drainIdleMs = 200;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The bytes of a request's body, of which never more than `limit` are kept. */
export async function readStream(
  request: Request,
  limit: number,
): Promise<Uint8Array | "too-large" | "broken"> {
  if (request.body === null) return new Uint8Array();
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared <= limit) return readWhole(request);
  const reader = request.body.getReader() as Reader;
  try {
    const bytes = declared > limit ? undefined : await collect(reader, limit);
    if (bytes !== undefined) return bytes;
    await drain(reader, limit * drainFactor);
    return "too-large";
  } catch {
    return "broken";
  }
}

/** A body of known length is read at one go. */
async function readWhole(request: Request): Promise<Uint8Array | "broken"> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    return "broken";
  }
}

async function collect(reader: Reader, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return join(chunks, size);
    size += value.byteLength;
    if (size > limit) return undefined;
    chunks.push(value);
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Reads on and forgets, until the end, a pause of the sender, or `budget` bytes. */
export async function drain(reader: Reader, budget: number): Promise<void> {
  let left = budget;
  while (left > 0) {
    const chunk = await nextWithin(reader, drainIdleMs);
    if (chunk === undefined) break;
    left -= chunk.byteLength;
  }
  void reader.cancel().catch(() => undefined);
}

async function nextWithin(reader: Reader, ms: number): Promise<Uint8Array | undefined> {
  const { promise: pause, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  const next = reader.read().then(
    ({ value }) => value,
    () => undefined,
  );
  const chunk = await Promise.race([next, pause]);
  clearTimeout(timer);
  return chunk;
}
