import { accept, type Result } from "../../core/errors.ts";
import { invalidRequest } from "./invalid-request.ts";

/**
 * The path of a request as it was sent, percent-encoding and all. Routes are matched against
 * this, so an encoded slash in a key never separates segments.
 */
export function rawPath(request: Request): string {
  return split(request).path;
}

/** The query of a request without its question mark. */
export function rawQuery(request: Request): string {
  return split(request).query;
}

function split({ url }: Request): { readonly path: string; readonly query: string } {
  const fragment = url.indexOf("#");
  const whole = fragment === -1 ? url : url.slice(0, fragment);
  const queryMark = whole.indexOf("?");
  const head = queryMark === -1 ? whole : whole.slice(0, queryMark);
  const begin = head.indexOf("/", head.indexOf("://") + 3);
  return {
    path: begin === -1 ? "/" : head.slice(begin),
    query: queryMark === -1 ? "" : whole.slice(queryMark + 1),
  };
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
