/** Bodies of requests and responses as they stand in the record. */
import type { Body } from "../core/protocol.ts";

export function encodeBody(bytes: Uint8Array): Body {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: bytes.toBase64() };
  }
}

export function decodeBody(body: Body): Uint8Array<ArrayBuffer> {
  if ("text" in body) return new Uint8Array(new TextEncoder().encode(body.text));
  return Uint8Array.fromBase64(body.base64);
}
