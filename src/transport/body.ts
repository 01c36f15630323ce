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
