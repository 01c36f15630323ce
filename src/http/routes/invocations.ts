import * as z from "zod";
import { makeCursor, readCursor } from "../routing/cursor.ts";
import { persist } from "../routing/persist.ts";
import { paging, yesOrNo } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { invocationShape, invocationStatuses } from "../shapes/invocation.ts";
import { pageOf } from "../shapes/shape.ts";

const longestWaitSeconds = 60;
const waitMessage = `must be seconds from 0 to ${longestWaitSeconds}`;

const wait = z
  .string()
  .regex(/^\d+(?:\.\d+)?$/, waitMessage)
  .transform(Number)
  .pipe(z.number().max(longestWaitSeconds, waitMessage))
  .default(0)
  .meta({
    description: "Answers as soon as it ends, or after that many seconds.",
    override: {
      type: "number",
      pattern: undefined,
      minimum: 0,
      maximum: longestWaitSeconds,
      default: 0,
    },
  });

const path = "/v1/agents/{component}/{type}/{key}/invocations";

/** What has become of invocations. */
export const invocationRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path,
    id: "listInvocations",
    tag: "Invocations",
    summary: "The invocations of an agent, newest first",
    description: "A page may be short, or empty, while it has a `cursor`.",
    access: ["read", "invoke"],
    query: z.object({ status: z.enum(invocationStatuses).optional(), ...paging }),
    answers: { 200: { description: "One page.", shape: pageOf("invocations", invocationShape) } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent }, query: { status, limit, cursor } }, ports) {
      const position = readCursor(cursor, /^[1-9]\d{0,14}$/);
      if (!position.ok) return position;
      const wanted = {
        limit,
        ...(status === undefined ? {} : { status }),
        ...(position.value === undefined ? {} : { before: Number(position.value) }),
      };
      const found = await persist(() => ports.agents(agent).invocations(wanted));
      if (!found.ok) return found;
      const { invocations, before } = found.value;
      return reply({
        invocations,
        ...(before === undefined ? {} : { cursor: makeCursor(String(before)) }),
      });
    },
  }),
  route({
    verb: "GET",
    path: `${path}/{idempotencyKey}`,
    id: "getInvocation",
    tag: "Invocations",
    summary: "An invocation, and its outcome",
    access: ["read", "invoke"],
    query: z.object({ wait }),
    answers: { 200: { description: "The invocation as it is now.", shape: invocationShape } },
    refusals: ["agent-deleted", "agent-not-found", "invocation-not-found", "invocation-reverted"],
    async handle({ path: { agent, idempotencyKey }, query }, ports) {
      const until = Date.now() + query.wait * 1000;
      const found = await persist(() => {
        const waitMs = Math.max(0, until - Date.now());
        return ports.agents(agent).invocation(idempotencyKey, waitMs);
      });
      return found.ok ? reply(found.value) : found;
    },
  }),
  route({
    verb: "DELETE",
    path: `${path}/{idempotencyKey}`,
    id: "cancelInvocation",
    tag: "Invocations",
    summary: "Cancel an invocation",
    access: ["invoke"],
    query: z.object({
      force: yesOrNo.meta({
        description: "Also one that runs: its code is told, and stopped after a grace.",
      }),
    }),
    answers: {
      200: {
        description: "Whether it was cancelled, or had ended before.",
        shape: z.strictObject({ cancelled: z.boolean() }),
      },
    },
    refusals: ["agent-not-found", "invocation-not-found", "invocation-running"],
    async handle({ path: { agent, idempotencyKey }, query: { force } }, ports) {
      const result = await persist(() => ports.agents(agent).cancel(idempotencyKey, force));
      return result.ok ? reply(result.value) : result;
    },
  }),
];
