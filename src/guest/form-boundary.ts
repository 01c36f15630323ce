/**
 * The platform draws the boundary of a form's parts at random each time the form becomes a body; a
 * request must be the same in replay. What is drawn has always the form of 32 hexadecimal digits.
 */
const DRAWN = /^multipart\/form-data; ?boundary="?([0-9a-f]{32})"?$/;

/** The boundary that the platform drew, if the content type has one. */
export function drawnBoundary(contentType: string | null): string | undefined {
  return DRAWN.exec(contentType ?? "")?.[1];
}

/** Puts `boundary`, of the same length, in the place of the one that was drawn. */
export function replaceBoundary(bytes: Uint8Array, drawn: string, boundary: string): void {
  const [sought, given] = [drawn, boundary].map((text) => new TextEncoder().encode(text));
  if (sought === undefined || given === undefined) return;
  const first = sought[0] ?? 0;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (sought.every((byte, offset) => bytes[at + offset] === byte)) bytes.set(given, at);
  }
}
