import * as z from "zod";
import { keyPrefixFault } from "../../core/api/agent-name.ts";
import type { TokenRequest } from "../../core/access/token.ts";
import { componentNamePattern, componentNameRule } from "../../core/component/component-name.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { jsonBody } from "../routing/body.ts";
import { makeCursor, readCursor } from "../routing/cursor.ts";
import { invalidRequest } from "../routing/invalid-request.ts";
import { paging } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { pageOf } from "../shapes/shape.ts";
import { mintedTokenShape, rateLimitShape, scopesShape, tokenShape } from "../shapes/token.ts";

const wanted = z
  .strictObject({
    name: z.string().min(1).max(200),
    scopes: scopesShape,
    component: z.string().regex(componentNamePattern, componentNameRule).exactOptional(),
    keyPrefix: z
      .string()
      .check(({ value, issues }) => {
        const fault = keyPrefixFault(value);
        if (fault !== undefined) issues.push({ code: "custom", message: fault, input: value });
      })
      .exactOptional(),
    rateLimit: rateLimitShape.exactOptional(),
    expiresAt: z.iso.datetime({ offset: true }).exactOptional(),
  })
  .refine(({ component, keyPrefix }) => keyPrefix === undefined || component !== undefined, {
    path: ["keyPrefix"],
    error: "needs a `component`: keys are those of a component's agents",
  });

/** The routes of tokens, for administrators of the whole host. */
export const tokenRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/tokens",
    id: "mintToken",
    tag: "Tokens",
    summary: "Mints a token",
    description:
      "`scopes` say what it is for: `read`, `invoke`, `operate`, `deploy`, or `admin`, which contains all others. With `component` it is for that component only, and for nothing of the host as a whole; with `keyPrefix` only for its agents whose keys begin so, and for reading its code.",
    access: ["admin"],
    body: jsonBody(wanted),
    answers: {
      201: {
        description: "The token, shown this once.",
        shape: mintedTokenShape,
        headers: { Location: "Where the token's description is.", "Cache-Control": "no-store" },
      },
    },
    refusals: [],
    async handle({ body }, { tokens }) {
      const request = readRequest(body, Date.now());
      if (!request.ok) return request;
      // Never repeated: that might mint two.
      const minted = await tokens.mint(request.value);
      return reply(minted, 201, {
        Location: `/v1/tokens/${minted.id}`,
        "Cache-Control": "no-store",
      });
    },
  }),
  route({
    verb: "GET",
    path: "/v1/tokens",
    id: "listTokens",
    tag: "Tokens",
    summary: "Lists the tokens that were minted and not revoked, newest first",
    access: ["admin"],
    query: z.object(paging),
    answers: {
      200: {
        description: "One page of them, without the tokens themselves.",
        shape: pageOf("tokens", tokenShape),
      },
    },
    refusals: [],
    async handle({ query: { limit, cursor } }, { tokens }) {
      const before = readCursor(cursor, /^\d{1,15}$/);
      if (!before.ok) return before;
      const page = await tokens.list(
        limit,
        before.value === undefined ? undefined : Number(before.value),
      );
      return reply({
        tokens: page.tokens,
        cursor: page.before === undefined ? undefined : makeCursor(String(page.before)),
      });
    },
  }),
  route({
    verb: "GET",
    path: "/v1/tokens/{tokenId}",
    id: "getToken",
    tag: "Tokens",
    summary: "Describes a token",
    access: ["admin"],
    answers: { 200: { description: "What it is for.", shape: tokenShape } },
    refusals: ["token-not-found"],
    async handle({ path: { tokenId } }, { tokens }) {
      const shown = await tokens.show(tokenId);
      return shown === undefined ? notFound() : reply(shown);
    },
  }),
  route({
    verb: "DELETE",
    path: "/v1/tokens/{tokenId}",
    id: "revokeToken",
    tag: "Tokens",
    summary: "Revokes a token",
    description:
      "Whoever answers this request refuses the token from now on; other isolates of the host do so within ten seconds.",
    access: ["admin"],
    answers: { 204: { description: "It is revoked." } },
    refusals: ["token-not-found"],
    async handle({ path: { tokenId } }, { tokens }) {
      return (await tokens.revoke(tokenId)) ? reply(undefined, 204) : notFound();
    },
  }),
];

/** The time at which it expires is kept in one form, and lies ahead. */
function readRequest(
  { expiresAt, ...request }: z.output<typeof wanted>,
  now: number,
): Result<TokenRequest> {
  if (expiresAt === undefined) return accept(request);
  const time = Date.parse(expiresAt);
  if (time <= now) {
    return invalidRequest({ path: ["body", "expiresAt"], message: "must lie in the future" });
  }
  return accept({ ...request, expiresAt: new Date(time).toISOString() });
}

function notFound(): Result<never> {
  return refuse(
    "token-not-found",
    "There is no token with that id: GET /v1/tokens lists those that there are.",
  );
}
