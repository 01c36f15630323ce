import { accept, type Result } from "../core/errors.ts";
import { invalidRequest } from "./invalid-request.ts";

/**
 * The path of a request as it was sent, percent-encoding and all. Routes are matched against
 * this, so an encoded slash in a key never separates segments.
 */
export function rawPath(request: Request): string {
  const { url } = request;
  const begin = url.indexOf("/", url.indexOf("://") + 3);
  if (begin === -1) return "/";
  const end = url.slice(begin).search(/[?#]/);
  return end === -1 ? url.slice(begin) : url.slice(begin, begin + end);
}

/** Everything after the first `?`, without the fragment. */
export function rawQuery(request: Request): string {
  const { url } = request;
  const begin = url.indexOf("?");
  if (begin === -1) return "";
  const end = url.indexOf("#", begin);
  return url.slice(begin + 1, end === -1 ? undefined : end);
}

/** Decodes one segment, exactly once. */
export function decodeSegment(name: string, segment: string): Result<string> {
  try {
    return accept(segment.includes("%") ? decodeURIComponent(segment) : segment);
  } catch {
    return invalidRequest({
      path: ["path", name],
      message: "is not valid percent-encoded UTF-8; encode it with encodeURIComponent",
    });
  }
}
