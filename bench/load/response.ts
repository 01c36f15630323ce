/** One complete HTTP/1.1 response. */
export interface Response {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/** The body of a chunked message that begins at `from`, or null while it is incomplete. */
function chunkedBody(bytes: Buffer, from: number): Buffer | null {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const sizeEnd = bytes.indexOf("\r\n", at, "latin1");
    if (sizeEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, sizeEnd), 16);
    const next = sizeEnd + 2 + size + 2;
    if (next > bytes.length) return null;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(sizeEnd + 2, next - 2));
    at = next;
  }
}

/** Reads the response that `bytes` consists of; null while more has to come. */
export function parseResponse(bytes: Buffer): Response | null {
  const headEnd = bytes.indexOf(HEAD_END, 0, "latin1");
  if (headEnd < 0) return null;
  const head = bytes.toString("latin1", 0, headEnd);
  const bodyStart = headEnd + HEAD_END.length;
  const status = Number(head.slice(9, 12));
  if (status === 204) return { status, body: Buffer.alloc(0) };

  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) {
    const body = chunkedBody(bytes, bodyStart);
    return body === null ? null : { status, body };
  }
  const bodyEnd = bodyStart + Number(length);
  return bytes.length < bodyEnd ? null : { status, body: bytes.subarray(bodyStart, bodyEnd) };
}
