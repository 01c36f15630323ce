/** Requests as they are recorded, sent; responses, read whole for the record. */
import type { FetchRequest, FetchResponse } from "../core/protocol.ts";
import { decodeBody, encodeBody, readWhole } from "../transport/body.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** `fetch` of the platform, or that of a service. */
type Sender = (url: string, init: RequestInit) => Promise<Response>;

/** What the platform does not know is done by `isRefusedRedirect`: `redirect: "error"`. */
export function send(
  { method, url, headers, body, redirect }: FetchRequest,
  sender: Sender,
  signal?: AbortSignal,
): Promise<Response> {
  return sender(url, {
    method,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
    redirect: redirect === "error" ? "manual" : redirect,
    ...(signal === undefined ? {} : { signal }),
    // As bytes: the platform would give a text a Content-Type.
    ...(body === undefined ? {} : { body: decodeBody(body) }),
  });
}

/** Whether the answer is a redirect that the request does not allow. */
export function isRefusedRedirect({ redirect }: FetchRequest, { status }: Response): boolean {
  return redirect === "error" && REDIRECTS.has(status);
}

/** The whole response; what is larger than `limit` bytes fails with the error that `tooLarge` makes. */
export async function readResponse(
  response: Response,
  limit: number,
  tooLarge: () => Error,
): Promise<FetchResponse> {
  const { url, status, statusText, headers, redirected } = response;
  const bytes = await readWhole(response.body, limit, tooLarge);
  return {
    url,
    status,
    statusText,
    headers: [...headers],
    redirected,
    ...(bytes.length === 0 ? {} : { body: encodeBody(bytes) }),
  };
}
