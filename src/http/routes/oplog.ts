import * as z from "zod";
import { entryKinds } from "../../core/api/oplog-filter.ts";
import { persist } from "../routing/persist.ts";
import { paging, wholeNumber } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { oplogPageShape } from "../shapes/oplog.ts";

const kind = z.enum(entryKinds, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no kind of entry; semantics.md lists them, Create and Log among them`,
});

/** The history of an agent. */
export const oplogRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/agents/{component}/{type}/{key}/oplog",
    id: "readOplog",
    tag: "Oplog",
    summary: "The entries of an agent's oplog",
    description:
      "Filters are kept from page to page. A filtered page may be short, or empty, while it has a `next`.",
    access: ["read"],
    query: z.object({
      from: wholeNumber(1, Number.MAX_SAFE_INTEGER, 1).meta({
        description: "The index of the first entry.",
      }),
      limit: paging.limit,
      kind: z.array(kind).exactOptional().meta({
        description: "Only entries of that kind; repeated, of any of them.",
      }),
      q: z.string().optional().meta({
        description: "Only entries that have this text, in whatever case.",
      }),
    }),
    answers: { 200: { description: "One page.", shape: oplogPageShape } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent }, query: { kind: kinds, ...query } }, ports) {
      const wanted = { ...query, ...(kinds === undefined ? {} : { kinds }) };
      const page = await persist(() => ports.agents(agent).oplog(wanted));
      return page.ok ? reply(page.value) : page;
    },
  }),
];
