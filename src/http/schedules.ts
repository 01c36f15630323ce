import * as z from "zod";
import type { ScheduleRequest } from "../core/api/operations.ts";
import { accept, type Result } from "../core/errors.ts";
import { agentPath } from "./address.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { readJsonAs } from "./body.ts";
import { makeCursor, readCursor } from "./cursor.ts";
import { idempotencyKeyOf } from "./invocations.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

/** Of an expression or the name of a zone. */
const longestText = 256;

const creation = z.strictObject({
  cron: z.string().max(longestText),
  timezone: z.string().max(longestText).default("UTC"),
  method: z.string(),
  args: z.array(z.unknown(), "must be the array of positional arguments").default([]),
});

const listQuery = z.object({ limit: pageLimit(), cursor: z.string().optional() });

/** The routes of recurring schedules. */
export function scheduleRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/schedules`]: {
      GET: (request) => list(ports, request),
      POST: (request) => create(ports, request),
    },
    [`${agentRoute}/schedules/:scheduleId`]: {
      GET: (request) => show(ports, request),
      DELETE: (request) => remove(ports, request),
    },
  };
}

async function create(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const wanted = await readSchedule(request.raw);
  if (!wanted.ok) return wanted;
  const result = await persist(() =>
    ports.agents(address.value).createSchedule(address.value, wanted.value),
  );
  if (!result.ok) return result;
  const { schedule, created } = result.value;
  const location = `${agentPath(address.value)}/schedules/${schedule.id}`;
  return created ? reply(schedule, 201, { Location: location }) : reply(schedule);
}

/** The key makes repeating the request harmless. */
async function readSchedule(raw: Request): Promise<Result<ScheduleRequest>> {
  const key = idempotencyKeyOf(raw);
  if (!key.ok) return key;
  const body = await readJsonAs(raw, creation);
  if (!body.ok) return body;
  const { cron, timezone, method, args } = body.value;
  const createdBy = key.value.idempotencyKey;
  return accept({ cron, timezone, method, args: JSON.stringify(args), createdBy });
}

async function list(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const query = readQuery(request.raw, listQuery);
  if (!query.ok) return query;
  const { limit, cursor } = query.value;
  const position = readCursor(cursor, /^[1-9]\d{0,14}$/);
  if (!position.ok) return position;
  const after = position.value === undefined ? {} : { after: Number(position.value) };
  const found = await persist(() => ports.agents(address.value).schedules({ limit, ...after }));
  if (!found.ok) return found;
  const { schedules, next } = found.value;
  return reply({ schedules, ...(next === undefined ? {} : { cursor: makeCursor(String(next)) }) });
}

async function show(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const id = scheduleIdOf(request);
  if (!id.ok) return id;
  const found = await persist(() => ports.agents(address.value).schedule(id.value));
  return found.ok ? reply(found.value) : found;
}

async function remove(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const id = scheduleIdOf(request);
  if (!id.ok) return id;
  const result = await persist(() => ports.agents(address.value).deleteSchedule(id.value));
  return result.ok ? reply(undefined, 204) : result;
}

function scheduleIdOf({ segments }: ApiRequest): Result<string> {
  return decodeSegment("scheduleId", segments[6] ?? "");
}
