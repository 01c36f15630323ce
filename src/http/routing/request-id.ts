const sane = /^[\w.:~+/=@-]{1,128}$/;

/** The caller's own request id when it is harmless in logs and headers, else a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && sane.test(given) ? given : crypto.randomUUID();
}
