import * as z from "zod";
import type { PromiseOutcome } from "../../core/api/operations.ts";
import type { JsonValue } from "../../core/api/views.ts";
import { accept, type Result } from "../../core/errors.ts";
import { anyJson, checkJson, missing, type JsonBody } from "../routing/body.ts";
import { persist } from "../routing/persist.ts";
import { yesOrNo } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";

const rejection = z.strictObject({
  error: z.looseObject({
    name: z.string().default("Error"),
    message: z.string().default("The promise was rejected."),
    code: z.string().optional(),
    details: z.custom<JsonValue>().optional(),
  }),
});

/** How promises are completed from outside. */
export const promiseRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/promises/{promiseId}",
    id: "completePromise",
    tag: "Invocations",
    summary: "Complete a promise that the agent made with createPromise()",
    access: ["invoke"],
    query: z.object({
      reject: yesOrNo.meta({ description: "The body is an error instead of a value." }),
    }),
    body: anyJson(
      'Any JSON value; none is null. With `reject=true` `{ "error": { "name", "message", "code", "details" } }`.',
    ),
    answers: {
      200: {
        description: "Whether this request completed it, or an earlier one.",
        shape: z.strictObject({ completed: z.boolean() }),
      },
    },
    refusals: ["agent-not-found", "promise-not-found"],
    async handle({ path: { agent, promiseId }, query: { reject }, body }, ports) {
      const outcome = reject
        ? toRejection(body)
        : accept({ ok: true, result: textOf(body) } as const);
      if (!outcome.ok) return outcome;
      const completion = { ...outcome.value, completedBy: crypto.randomUUID() };
      const result = await persist(() =>
        ports.agents(agent).completePromise(promiseId, completion),
      );
      return result.ok ? reply(result.value) : result;
    },
  }),
];

function textOf(body: JsonBody | undefined): string {
  return body?.text ?? "null";
}

type Rejection = Omit<Extract<PromiseOutcome, { readonly ok: false }>, "completedBy">;

function toRejection(body: JsonBody | undefined): Result<Rejection> {
  if (body === undefined) return missing("send JSON");
  const checked = checkJson(body.value, rejection);
  if (!checked.ok) return checked;
  const { name, message, code, details } = checked.value.error;
  const error = {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  };
  return accept({ ok: false, error });
}
