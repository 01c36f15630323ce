import * as z from "zod";
import type { InvokeRequest } from "../../core/api/operations.ts";
import { agentPath } from "../routing/address.ts";
import { anyJson, type JsonBody } from "../routing/body.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { invocationShape } from "../shapes/invocation.ts";
import { idempotencyKey, keyOf } from "./idempotency-key.ts";
import { addDelay, parseTime } from "./when.ts";

const at = z.string().transform((text, context) => {
  const time = parseTime(text);
  if (time !== undefined) return time;
  context.addIssue("must be an ISO 8601 time with `Z` or an offset, or epoch milliseconds");
  return z.NEVER;
});

/** Gives the time at which it is over. */
const delay = z.string().transform((text, context) => {
  const time = addDelay(Date.now(), text);
  if (time !== undefined) return time;
  context.addIssue(
    "must be a duration like `30s`, `5m`, `2h`, `7d`, in ISO 8601 (`PT30S`), or milliseconds",
  );
  return z.NEVER;
});

const invokeQuery = z
  .object({
    mode: z.enum(["await", "enqueue"]).optional().meta({
      description: "`enqueue` answers as soon as the invocation is durable.",
    }),
    at: at.optional().meta({
      description: "When it is to begin: an ISO 8601 time or epoch milliseconds.",
      example: "2027-01-01T00:00:00Z",
    }),
    delay: delay.optional().meta({
      description: "After what time it is to begin: `30s`, `5m`, ISO 8601, or milliseconds.",
      example: "5m",
    }),
  })
  .refine((query) => query.at === undefined || query.delay === undefined, {
    path: ["delay"],
    error: "cannot be given together with `at`: give one of them",
  });

/** The route that invokes methods. */
export const invokingRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/invoke/{method}",
    id: "invoke",
    tag: "Invocations",
    summary: "Invoke a method",
    description:
      "Creates the agent if there is none. The same `Idempotency-Key` with the same method and arguments is the same invocation: it runs once. A method that throws is answered with the status and the code that its error has.",
    access: ["invoke"],
    query: invokeQuery,
    headers: z.object({
      ...idempotencyKey,
      Prefer: z.string().optional().meta({
        description: "`respond-async` is the same as `mode=enqueue`.",
      }),
    }),
    body: anyJson(
      "The arguments: a JSON array is the list of arguments, any other value the only one.",
    ),
    answers: {
      200: { description: "The method returned.", shape: invocationShape },
      202: {
        description: "The invocation is durable, and will run.",
        shape: invocationShape,
        headers: { Location: "The path of the invocation." },
      },
    },
    refusals: [
      "agent-deleted",
      "agent-failed",
      "agent-interrupted",
      "agent-type-not-found",
      "component-not-found",
      "idempotency-key-reused",
      "invalid-arguments",
      "invocation-cancelled",
      "invocation-failed",
      "invocation-reverted",
      "method-not-found",
      "queue-full",
      "read-only-violation",
    ],
    async handle({ path: { agent, method }, query, headers, body }, ports) {
      const scheduledFor = query.at ?? query.delay;
      const asked = query.mode ?? (prefersAsync(headers.Prefer) ? "enqueue" : "await");
      const wanted: InvokeRequest = {
        method,
        args: toArguments(body),
        ...keyOf(headers),
        mode: scheduledFor === undefined ? asked : "enqueue",
        ...(scheduledFor === undefined ? {} : { scheduledFor }),
      };
      // The key makes repeating the call harmless.
      let next = wanted;
      const result = await persist(() => {
        const present = next;
        next = { ...next, isNewKey: false };
        return ports.agents(agent).invoke(agent, present);
      });
      if (!result.ok) return result;
      if (wanted.mode === "await") return reply(result.value);
      const key = encodeURIComponent(wanted.idempotencyKey);
      return reply(result.value, 202, { Location: `${agentPath(agent)}/invocations/${key}` });
    },
  }),
];

/** The body goes on as the text that came; it is never written out again. */
function toArguments(body: JsonBody | undefined): string {
  if (body === undefined) return "[]";
  return Array.isArray(body.value) ? body.text : `[${body.text}]`;
}

/** Preferences that are not known are ignored, as RFC 7240 asks. */
function prefersAsync(prefer: string | undefined): boolean {
  const preferences = (prefer ?? "").toLowerCase().split(",");
  return preferences.some((text) => text.split(/[;=]/)[0]?.trim() === "respond-async");
}
