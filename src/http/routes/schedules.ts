import * as z from "zod";
import { agentPath } from "../routing/address.ts";
import { jsonBody } from "../routing/body.ts";
import { makeCursor, readCursor } from "../routing/cursor.ts";
import { persist } from "../routing/persist.ts";
import { paging } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { scheduleShape } from "../shapes/schedule.ts";
import { pageOf } from "../shapes/shape.ts";
import { idempotencyKey, keyOf } from "./idempotency-key.ts";

/** Of an expression or the name of a zone. */
const longestText = 256;

const creation = z.strictObject({
  cron: z.string().max(longestText).meta({
    description: "An expression of 5 fields, 6 with seconds first, or 7 with years last.",
    example: "0 9 * * MON",
  }),
  timezone: z.string().max(longestText).default("UTC").meta({
    description: "The name of an IANA time zone.",
    example: "Europe/Berlin",
  }),
  method: z.string().meta({ example: "add" }),
  args: z.array(z.unknown(), "must be the array of positional arguments").default([]),
});

const path = "/v1/agents/{component}/{type}/{key}/schedules";

/** Recurring schedules. */
export const scheduleRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path,
    id: "listSchedules",
    tag: "Schedules",
    summary: "The schedules of an agent, oldest first",
    description: "A page of large arguments may be short while it has a `cursor`.",
    access: ["read"],
    query: z.object(paging),
    answers: { 200: { description: "One page.", shape: pageOf("schedules", scheduleShape) } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent }, query: { limit, cursor } }, ports) {
      const position = readCursor(cursor, /^[1-9]\d{0,14}$/);
      if (!position.ok) return position;
      const after = position.value === undefined ? {} : { after: Number(position.value) };
      const found = await persist(() => ports.agents(agent).schedules({ limit, ...after }));
      if (!found.ok) return found;
      const { schedules, next } = found.value;
      return reply({
        schedules,
        ...(next === undefined ? {} : { cursor: makeCursor(String(next)) }),
      });
    },
  }),
  route({
    verb: "POST",
    path,
    id: "createSchedule",
    tag: "Schedules",
    summary: "Call a method at the times of a cron expression",
    description: "Creates the agent if there is none.",
    access: ["invoke"],
    headers: z.object(idempotencyKey),
    body: jsonBody(creation),
    answers: {
      200: { description: "The same request made it before.", shape: scheduleShape },
      201: {
        description: "The new schedule.",
        shape: scheduleShape,
        headers: { Location: "The path of the schedule." },
      },
    },
    refusals: [
      "agent-failed",
      "agent-type-not-found",
      "component-not-found",
      "idempotency-key-reused",
      "invalid-arguments",
      "method-not-found",
      "queue-full",
      "too-many-schedules",
    ],
    async handle({ path: { agent }, headers, body: { args, ...body } }, ports) {
      // The key makes repeating the request harmless.
      const createdBy = keyOf(headers).idempotencyKey;
      const wanted = { ...body, args: JSON.stringify(args), createdBy };
      const result = await persist(() => ports.agents(agent).createSchedule(agent, wanted));
      if (!result.ok) return result;
      const { schedule, created } = result.value;
      const location = `${agentPath(agent)}/schedules/${schedule.id}`;
      return created ? reply(schedule, 201, { Location: location }) : reply(schedule);
    },
  }),
  route({
    verb: "GET",
    path: `${path}/{scheduleId}`,
    id: "getSchedule",
    tag: "Schedules",
    summary: "A schedule",
    access: ["read"],
    answers: { 200: { description: "The schedule.", shape: scheduleShape } },
    refusals: ["agent-not-found", "schedule-not-found"],
    async handle({ path: { agent, scheduleId } }, ports) {
      const found = await persist(() => ports.agents(agent).schedule(scheduleId));
      return found.ok ? reply(found.value) : found;
    },
  }),
  route({
    verb: "DELETE",
    path: `${path}/{scheduleId}`,
    id: "deleteSchedule",
    tag: "Schedules",
    summary: "End a schedule. A run that has begun goes on",
    access: ["invoke"],
    answers: { 204: { description: "It is gone." } },
    refusals: ["agent-not-found", "schedule-not-found"],
    async handle({ path: { agent, scheduleId } }, ports) {
      const result = await persist(() => ports.agents(agent).deleteSchedule(scheduleId));
      return result.ok ? reply(undefined, 204) : result;
    },
  }),
];
