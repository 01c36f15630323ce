/** Texts that must not be told apart by the time that a comparison takes. */

/** The SHA-256 of a text. */
export function digestOf(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

/** Whether two digests are the same, in constant time. */
export function isSameDigest(one: ArrayBuffer, other: ArrayBuffer): boolean {
  return crypto.subtle.timingSafeEqual(one, other);
}
