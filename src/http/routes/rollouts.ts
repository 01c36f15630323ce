import * as z from "zod";
import { keyFault, typePattern } from "../../core/api/agent-name.ts";
import type { RolloutCommand } from "../../core/api/rollouts.ts";
import { accept, type Result } from "../../core/errors.ts";
import { jsonBody } from "../routing/body.ts";
import { makeCursor, readCursor } from "../routing/cursor.ts";
import { persist } from "../routing/persist.ts";
import { paging } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import {
  canaryShape,
  rolloutAgentShape,
  rolloutOutcomes,
  rolloutShape,
} from "../shapes/rollout.ts";
import { pageOf } from "../shapes/shape.ts";
import { updateChecks, updateModes } from "../shapes/update.ts";
import { targetRevision } from "./updates.ts";

const mostAtOnce = 100;

const settings = z.strictObject({
  revision: targetRevision,
  mode: z.enum(updateModes),
  check: z.enum(updateChecks).exactOptional(),
  type: z.string().regex(typePattern, "must be the name of an exported class").exactOptional(),
  prefix: z
    .string()
    .refine((prefix) => keyFault(`${prefix} `) === undefined, "must be the beginning of a key")
    .exactOptional(),
  fromRevision: z.int().min(1).exactOptional(),
  concurrency: z.int().min(1).max(mostAtOnce).default(10),
  canary: canaryShape.exactOptional(),
  stopOnFailures: z.int().min(1).exactOptional(),
  dryRun: z.boolean().default(false),
});

const path = "/v1/components/{component}/rollouts";

/** One update for many agents. */
export const rolloutRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path,
    id: "listRollouts",
    tag: "Rollouts",
    summary: "The rollouts of a component, newest first",
    access: ["read", "operate"],
    query: z.object(paging),
    answers: { 200: { description: "One page.", shape: pageOf("rollouts", rolloutShape) } },
    refusals: ["component-not-found"],
    async handle({ path: { component }, query: { limit, cursor } }, ports) {
      const before = readPosition(cursor);
      if (!before.ok) return before;
      const page = await persist(() => ports.rollouts(component).list(limit, before.value));
      if (page.rollouts.length === 0) {
        const known = await persist(() => ports.component(component).revision("latest"));
        if (!known.ok) return known;
      }
      return reply({ rollouts: page.rollouts, cursor: cursorOf(page.before) });
    },
  }),
  route({
    verb: "POST",
    path,
    id: "startRollout",
    tag: "Rollouts",
    summary: "Update the agents of a component, some at a time",
    access: ["operate"],
    body: jsonBody(settings),
    answers: {
      202: {
        description: "The rollout has begun.",
        shape: rolloutShape,
        headers: { Location: "The path of the rollout." },
      },
    },
    refusals: ["agent-type-not-found", "component-not-found", "revision-not-found"],
    async handle({ path: { component }, body }, ports) {
      // Never repeated: that might start two.
      const started = await ports.rollouts(component).start(component, body);
      if (!started.ok) return started;
      const { id } = started.value;
      return reply(started.value, 202, { Location: `/v1/components/${component}/rollouts/${id}` });
    },
  }),
  route({
    verb: "GET",
    path: `${path}/{rollout}`,
    id: "getRollout",
    tag: "Rollouts",
    summary: "A rollout, with what is in progress and what has failed",
    access: ["read", "operate"],
    answers: { 200: { description: "The rollout.", shape: rolloutShape } },
    refusals: ["rollout-not-found"],
    async handle({ path: { component, rollout } }, ports) {
      const shown = await persist(() => ports.rollouts(component).show(rollout));
      return shown.ok ? reply(shown.value) : shown;
    },
  }),
  route({
    verb: "GET",
    path: `${path}/{rollout}/agents`,
    id: "listRolloutAgents",
    tag: "Rollouts",
    summary: "The agents of a rollout and what came of each",
    access: ["read", "operate"],
    query: z.object({
      outcome: z
        .enum(rolloutOutcomes, `must be one of ${rolloutOutcomes.join(", ")}`)
        .exactOptional(),
      ...paging,
    }),
    answers: { 200: { description: "One page.", shape: pageOf("agents", rolloutAgentShape) } },
    refusals: ["rollout-not-found"],
    async handle({ path: { component, rollout }, query: { cursor, ...filter } }, ports) {
      const after = readPosition(cursor);
      if (!after.ok) return after;
      const wanted = { ...filter, ...(after.value === undefined ? {} : { after: after.value }) };
      const page = await persist(() => ports.rollouts(component).agents(rollout, wanted));
      if (!page.ok) return page;
      return reply({ agents: page.value.agents, cursor: cursorOf(page.value.after) });
    },
  }),
  command("pause", "Begin no more agents"),
  command("resume", "Let a paused or stopped rollout go on"),
  command("cancel", "End a rollout"),
];

function command(name: RolloutCommand, summary: string): Route {
  return route({
    verb: "POST",
    path: `${path}/{rollout}/${name}`,
    id: `${name}Rollout`,
    tag: "Rollouts",
    summary,
    access: ["operate"],
    answers: { 200: { description: "The rollout.", shape: rolloutShape } },
    refusals: ["rollout-not-active", "rollout-not-found"],
    async handle({ path: { component, rollout } }, ports) {
      const shown = await persist(() => ports.rollouts(component).command(rollout, name));
      return shown.ok ? reply(shown.value) : shown;
    },
  });
}

function cursorOf(position: number | undefined): string | undefined {
  return position === undefined ? undefined : makeCursor(String(position));
}

function readPosition(cursor: string | undefined): Result<number | undefined> {
  const position = readCursor(cursor, /^\d{1,15}$/);
  if (!position.ok) return position;
  return accept(position.value === undefined ? undefined : Number(position.value));
}
