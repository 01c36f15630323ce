import * as z from "zod";
import type { PromiseOutcome } from "../core/api/operations.ts";
import type { JsonValue } from "../core/api/views.ts";
import { accept, type Result } from "../core/errors.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { readJson, readJsonAs } from "./body.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const completionQuery = z.object({
  reject: z.enum(["true", "false"], "must be `true` or `false`").default("false"),
});

const rejection = z.strictObject({
  error: z.looseObject({
    name: z.string().default("Error"),
    message: z.string().default("The promise was rejected."),
    code: z.string().optional(),
    details: z.custom<JsonValue>().optional(),
  }),
});

/** The route that completes promises. */
export function promiseRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/promises/:promiseId`]: { POST: (request) => complete(ports, request) },
  };
}

async function complete(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const id = decodeSegment("promiseId", request.segments[6] ?? "");
  if (!id.ok) return id;
  const outcome = await readOutcome(request.raw);
  if (!outcome.ok) return outcome;
  const result = await persist(() =>
    ports.agents(address.value).completePromise(id.value, outcome.value),
  );
  return result.ok ? reply(result.value) : result;
}

/** No body completes the promise with null. */
async function readOutcome(raw: Request): Promise<Result<PromiseOutcome>> {
  const query = readQuery(raw, completionQuery);
  if (!query.ok) return query;
  const completedBy = crypto.randomUUID();
  if (query.value.reject === "false") {
    const body = await readJson(raw);
    return body.ok ? accept({ ok: true, result: body.value?.text ?? "null", completedBy }) : body;
  }
  const body = await readJsonAs(raw, rejection);
  if (!body.ok) return body;
  const { name, message, code, details } = body.value.error;
  const error = {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  };
  return accept({ ok: false, error, completedBy });
}
