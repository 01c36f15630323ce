import * as z from "zod";
import type { InvokeRequest } from "../core/api/operations.ts";
import { accept, type Result } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { agentPath } from "./address.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { readJson, type JsonBody } from "./body.ts";
import { invalidRequest } from "./invalid-request.ts";
import { makeCursor, readCursor } from "./cursor.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";
import { parseWhen } from "./when.ts";

const longestWaitSeconds = 60;
const visible = /^[\x21-\x7e]+$/;

const invokeQuery = z.object({
  mode: z.enum(["await", "enqueue"]).optional(),
  at: z.string().optional(),
  delay: z.string().optional(),
});

const waitMessage = `must be seconds from 0 to ${longestWaitSeconds}`;
const waitQuery = z.object({
  wait: z
    .string()
    .regex(/^\d+(?:\.\d+)?$/, waitMessage)
    .transform(Number)
    .pipe(z.number().max(longestWaitSeconds, waitMessage))
    .default(0),
});

const listQuery = z.object({
  status: z
    .enum(["scheduled", "pending", "running", "completed", "failed", "cancelled"])
    .optional(),
  limit: pageLimit(),
  cursor: z.string().optional(),
});

const cancelQuery = z.object({
  force: z.enum(["true", "false"], "must be `true` or `false`").default("false"),
});

/** The routes that invoke methods and show invocations. */
export function invocationRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/invoke/:method`]: { POST: (request) => invoke(ports, request) },
    [`${agentRoute}/invocations`]: { GET: (request) => list(ports, request) },
    [`${agentRoute}/invocations/:idempotencyKey`]: {
      GET: (request) => show(ports, request),
      DELETE: (request) => cancel(ports, request),
    },
  };
}

async function invoke(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const wanted = await readInvocation(request);
  if (!wanted.ok) return wanted;
  // The key makes repeating the call harmless.
  let next = wanted.value;
  const result = await persist(() => {
    const present = next;
    next = { ...next, isNewKey: false };
    return ports.agents(address.value).invoke(address.value, present);
  });
  if (!result.ok) return result;
  if (wanted.value.mode === "await") return reply(result.value);
  const key = encodeURIComponent(wanted.value.idempotencyKey);
  return reply(result.value, 202, { Location: `${agentPath(address.value)}/invocations/${key}` });
}

async function readInvocation({ raw, segments }: ApiRequest): Promise<Result<InvokeRequest>> {
  const method = decodeSegment("method", segments[6] ?? "");
  if (!method.ok) return method;
  const query = readQuery(raw, invokeQuery);
  if (!query.ok) return query;
  const scheduledFor = parseWhen(query.value, Date.now());
  if (!scheduledFor.ok) return scheduledFor;
  const key = idempotencyKeyOf(raw);
  if (!key.ok) return key;
  const body = await readJson(raw);
  if (!body.ok) return body;
  const asked = query.value.mode ?? (prefersAsync(raw) ? "enqueue" : "await");
  const common = { method: method.value, args: toArguments(body.value), ...key.value };
  return scheduledFor.value === undefined
    ? accept({ ...common, mode: asked })
    : accept({ ...common, mode: "enqueue", scheduledFor: scheduledFor.value });
}

/** The body goes on as the text that came; it is never written out again. */
function toArguments(body: JsonBody | undefined): string {
  if (body === undefined) return "[]";
  return Array.isArray(body.value) ? body.text : `[${body.text}]`;
}

type Key = Pick<InvokeRequest, "idempotencyKey" | "isNewKey">;

/** The key that a request has, or one made for it. */
export function idempotencyKeyOf(request: Request): Result<Key> {
  const key = request.headers.get("idempotency-key");
  if (key === null) return accept({ idempotencyKey: crypto.randomUUID(), isNewKey: true });
  if (key.length <= limits.idempotencyKeyLength && visible.test(key)) {
    return accept({ idempotencyKey: key, isNewKey: false });
  }
  return invalidRequest({
    path: ["header", "Idempotency-Key"],
    message: `must be 1 to ${limits.idempotencyKeyLength} visible ASCII characters`,
  });
}

/** Preferences that are not known are ignored, as RFC 7240 asks. */
function prefersAsync(request: Request): boolean {
  const preferences = (request.headers.get("prefer") ?? "").toLowerCase().split(",");
  return preferences.some((text) => text.split(/[;=]/)[0]?.trim() === "respond-async");
}

async function show(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const key = decodeSegment("idempotencyKey", request.segments[6] ?? "");
  if (!key.ok) return key;
  const query = readQuery(request.raw, waitQuery);
  if (!query.ok) return query;
  const until = Date.now() + query.value.wait * 1000;
  const found = await persist(() => {
    const waitMs = Math.max(0, until - Date.now());
    return ports.agents(address.value).invocation(key.value, waitMs);
  });
  return found.ok ? reply(found.value) : found;
}

async function list(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const query = readQuery(request.raw, listQuery);
  if (!query.ok) return query;
  const { status, limit, cursor } = query.value;
  const position = readCursor(cursor, /^[1-9]\d{0,14}$/);
  if (!position.ok) return position;
  const wanted = {
    limit,
    ...(status === undefined ? {} : { status }),
    ...(position.value === undefined ? {} : { before: Number(position.value) }),
  };
  const found = await persist(() => ports.agents(address.value).invocations(wanted));
  if (!found.ok) return found;
  const { invocations, before } = found.value;
  return reply({
    invocations,
    ...(before === undefined ? {} : { cursor: makeCursor(String(before)) }),
  });
}

async function cancel(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const key = decodeSegment("idempotencyKey", request.segments[6] ?? "");
  if (!key.ok) return key;
  const query = readQuery(request.raw, cancelQuery);
  if (!query.ok) return query;
  const force = query.value.force === "true";
  const result = await persist(() => ports.agents(address.value).cancel(key.value, force));
  return result.ok ? reply(result.value) : result;
}
