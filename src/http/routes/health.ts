import * as z from "zod";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";

/** Whether the server answers; never authenticated. */
export const healthRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/health",
    id: "getHealth",
    tag: "Server",
    summary: "Whether the server answers",
    access: "public",
    answers: {
      200: {
        description: "It does.",
        shape: z.strictObject({ status: z.literal("ok"), version: z.string() }),
      },
    },
    refusals: [],
    handle: async (_, ports) => reply({ status: "ok", version: ports.version }),
  }),
];
