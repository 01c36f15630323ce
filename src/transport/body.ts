/** Bodies of requests and responses as they stand in the record. */
import type { Body } from "../core/protocol.ts";

/** Bodies above this are looked through for what JSON would have to escape. */
const LONG_BYTES = 64 * 1024;

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // As base64 it takes a third more, and six times as much where it is full of control characters.
    const isBloated = bytes.length > LONG_BYTES && JSON.stringify(text).length > bytes.length * 1.5;
    return isBloated ? undefined : text;
  } catch {
    return undefined;
  }
}

export function encodeBody(bytes: Uint8Array): Body {
  const text = textOf(bytes);
  return text === undefined ? { base64: bytes.toBase64() } : { text };
}

export function decodeBody(body: Body): Uint8Array<ArrayBuffer> {
  if ("text" in body) return new Uint8Array(new TextEncoder().encode(body.text));
  return Uint8Array.fromBase64(body.base64);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** All that a stream holds. Beyond `limit` bytes it is given up, with the error that `tooLarge` makes. */
export async function readWhole(
  stream: ReadableStream | null,
  limit: number,
  tooLarge: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return joined(chunks, length);
    length += value.byteLength;
    if (length > limit) {
      const error = tooLarge();
      void reader?.cancel(error).catch(() => {});
      throw error;
    }
    chunks.push(value);
  }
}
