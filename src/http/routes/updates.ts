import * as z from "zod";
import { jsonBody } from "../routing/body.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import {
  dryRunShape,
  updateChecks,
  updateModes,
  updateShape,
  updatesShape,
} from "../shapes/update.ts";

export const targetRevision = z.union([z.int().min(1), z.literal("latest")], {
  error: 'must be the number of a revision or "latest"',
});

const wantedUpdate = z.strictObject({
  revision: targetRevision,
  mode: z.enum(updateModes),
  wake: z.boolean().default(true),
  dryRun: z.boolean().default(false).meta({
    description: "Answers what it would come to, and changes nothing.",
  }),
  check: z.enum(updateChecks).default("calls-and-results").meta({
    description: "`calls` lets past methods return something else when they make the same calls.",
  }),
});

/** How an agent's code is changed. */
export const updateRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/update",
    id: "updateAgent",
    tag: "Updates",
    summary: "Update an agent's code, or try to",
    access: ["operate"],
    body: jsonBody(wantedUpdate),
    answers: {
      200: { description: "What it would come to, with `dryRun`.", shape: dryRunShape },
      202: { description: "The update is requested.", shape: updateShape },
    },
    refusals: [
      "agent-busy",
      "agent-failed",
      "agent-not-found",
      "agent-type-not-found",
      "already-at-revision",
      "revision-not-found",
      "update-already-pending",
    ],
    async handle({ path: { agent }, body: { dryRun, ...wanted } }, ports) {
      if (dryRun) {
        const tried = await persist(() => ports.agents(agent).dryRun(wanted));
        return tried.ok ? reply(tried.value) : tried;
      }
      // Never repeated: the repetition of an accepted request would be refused.
      const result = await ports.agents(agent).update(wanted);
      return result.ok ? reply(result.value, 202) : result;
    },
  }),
  route({
    verb: "GET",
    path: "/v1/agents/{component}/{type}/{key}/updates",
    id: "listUpdates",
    tag: "Updates",
    summary: "Pending, successful and failed updates of an agent",
    access: ["read"],
    answers: { 200: { description: "All of them.", shape: updatesShape } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent } }, ports) {
      const updates = await persist(() => ports.agents(agent).updates());
      return updates.ok ? reply(updates.value) : updates;
    },
  }),
];
