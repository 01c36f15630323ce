import * as z from "zod";
import { scopes } from "../../core/access/grant.ts";
import type { MintedToken, TokenView } from "../../core/access/token.ts";
import { shape, time } from "./shape.ts";

/** A count that would be full again only later would have to be kept on disk. */
const longestWindowSeconds = 60;
const mostRequests = 10_000;

export const scopesShape = z.array(z.enum(scopes)).min(1);

export const rateLimitShape = z
  .strictObject({
    requests: z.int().min(1).max(mostRequests),
    perSeconds: z.int().min(1).max(longestWindowSeconds),
  })
  .meta({ description: "So many requests in so many seconds, all at once or spread." });

const members = {
  id: z.string().meta({ description: "What stands in the token behind `pdr_`." }),
  name: z.string(),
  scopes: scopesShape,
  component: z.string().optional(),
  keyPrefix: z.string().optional(),
  rateLimit: rateLimitShape.optional(),
  createdAt: time,
  expiresAt: time.optional(),
};

export const tokenShape = shape<TokenView>("Token", "What a token is for.", members);

export const mintedTokenShape = shape<MintedToken>("MintedToken", "A new token.", {
  ...members,
  token: z.string().meta({ description: "The token itself: nobody can ask for it again." }),
});
