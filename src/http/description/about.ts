/** What holds for every operation. */
export const about = `Perdure hosts durable agents: ordinary classes with an address that survive crashes and deployments. JSON goes in and out; times are ISO 8601 in UTC with milliseconds.

Errors are problem documents (RFC 9457) with a stable \`code\`. An unknown route is 404 \`not-found\`, a known one with another verb 405 \`method-not-allowed\` with \`Allow\`. HEAD answers like GET.

Tokens are sent as \`Authorization: Bearer TOKEN\`. An operation names the scopes of which a token needs one; \`admin\` contains all others. In the examples, \`$PERDURE\` is the address of the server.

Lists take \`?limit=\` and \`?cursor=\`, and have a \`cursor\` only when there is more. Query parameters that an operation does not name are ignored.`;
