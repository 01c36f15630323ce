import * as z from "zod";
import { keyFault, typePattern } from "../core/api/agent-name.ts";
import type { RolloutCommand, RolloutOperations } from "../core/api/rollouts.ts";
import { accept, type Result } from "../core/errors.ts";
import { parseComponentName } from "./address.ts";
import { readJsonAs } from "./body.ts";
import { makeCursor, readCursor } from "./cursor.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const mostAtOnce = 100;

const rolloutBody = z.strictObject({
  revision: z.union([z.int().min(1), z.literal("latest")], {
    error: 'must be the number of a revision or "latest"',
  }),
  mode: z.enum(["automatic", "manual"]),
  check: z.enum(["calls-and-results", "calls"]).exactOptional(),
  type: z.string().regex(typePattern, "must be the name of an exported class").exactOptional(),
  prefix: z
    .string()
    .refine((prefix) => keyFault(`${prefix} `) === undefined, "must be the beginning of a key")
    .exactOptional(),
  fromRevision: z.int().min(1).exactOptional(),
  concurrency: z.int().min(1).max(mostAtOnce).default(10),
  canary: z
    .union(
      [
        z.strictObject({ agents: z.int().min(1) }),
        z.strictObject({ percent: z.number().gt(0).max(100) }),
      ],
      {
        error:
          'must be { "agents": a number from 1 } or { "percent": a number above 0, at most 100 }',
      },
    )
    .exactOptional(),
  stopOnFailures: z.int().min(1).exactOptional(),
  dryRun: z.boolean().default(false),
});

const listQuery = z.object({ limit: pageLimit(), cursor: z.string().optional() });

const outcomes = [
  "waiting",
  "in-progress",
  "updated",
  "failed",
  "not-needed",
  "gone",
  "compatible",
  "diverges",
  "busy",
] as const;

const agentsQuery = z.object({
  outcome: z.enum(outcomes, `must be one of ${outcomes.join(", ")}`).exactOptional(),
  limit: pageLimit(),
  cursor: z.string().optional(),
});

const route = "/v1/components/:component/rollouts";

/** The routes of rollouts: one update for many agents. */
export function rolloutRoutes(ports: Ports): Routes {
  const commands = (["pause", "resume", "cancel"] as const).map((name) => [
    `${route}/:rollout/${name}`,
    { POST: (request: ApiRequest) => command(ports, request, name) },
  ]);
  return {
    [route]: {
      GET: (request) => list(ports, request),
      POST: (request) => start(ports, request),
    },
    [`${route}/:rollout`]: { GET: (request) => show(ports, request) },
    [`${route}/:rollout/agents`]: { GET: (request) => agents(ports, request) },
    ...(Object.fromEntries(commands) as Routes),
  };
}

/** A rollout by its path; `operations` gives a fresh stub each time. */
interface Named {
  readonly id: string;
  readonly operations: () => RolloutOperations;
}

function named(ports: Ports, { segments }: ApiRequest): Result<Named> {
  const component = parseComponentName(segments[2] ?? "");
  if (!component.ok) return component;
  const id = decodeSegment("rollout", segments[4] ?? "");
  if (!id.ok) return id;
  return accept({ id: id.value, operations: () => ports.rollouts(component.value) });
}

async function start(ports: Ports, { raw, segments }: ApiRequest): Promise<Answer> {
  const component = parseComponentName(segments[2] ?? "");
  if (!component.ok) return component;
  const body = await readJsonAs(raw, rolloutBody);
  if (!body.ok) return body;
  // Never repeated: that might start two.
  const started = await ports.rollouts(component.value).start(component.value, body.value);
  if (!started.ok) return started;
  const { id } = started.value;
  return reply(started.value, 202, {
    Location: `/v1/components/${component.value}/rollouts/${id}`,
  });
}

async function list(ports: Ports, { raw, segments }: ApiRequest): Promise<Answer> {
  const component = parseComponentName(segments[2] ?? "");
  if (!component.ok) return component;
  const query = readQuery(raw, listQuery);
  if (!query.ok) return query;
  const before = readPosition(query.value.cursor);
  if (!before.ok) return before;
  const { limit } = query.value;
  const page = await persist(() => ports.rollouts(component.value).list(limit, before.value));
  if (page.rollouts.length === 0) {
    const known = await persist(() => ports.component(component.value).revision("latest"));
    if (!known.ok) return known;
  }
  return reply({ rollouts: page.rollouts, cursor: cursorOf(page.before) });
}

async function show(ports: Ports, request: ApiRequest): Promise<Answer> {
  const rollout = named(ports, request);
  if (!rollout.ok) return rollout;
  const { id, operations } = rollout.value;
  const shown = await persist(() => operations().show(id));
  return shown.ok ? reply(shown.value) : shown;
}

async function command(ports: Ports, request: ApiRequest, name: RolloutCommand): Promise<Answer> {
  const rollout = named(ports, request);
  if (!rollout.ok) return rollout;
  const { id, operations } = rollout.value;
  const shown = await persist(() => operations().command(id, name));
  return shown.ok ? reply(shown.value) : shown;
}

async function agents(ports: Ports, request: ApiRequest): Promise<Answer> {
  const rollout = named(ports, request);
  if (!rollout.ok) return rollout;
  const query = readQuery(request.raw, agentsQuery);
  if (!query.ok) return query;
  const { cursor, ...filter } = query.value;
  const after = readPosition(cursor);
  if (!after.ok) return after;
  const wanted = { ...filter, ...(after.value === undefined ? {} : { after: after.value }) };
  const { id, operations } = rollout.value;
  const page = await persist(() => operations().agents(id, wanted));
  if (!page.ok) return page;
  return reply({ agents: page.value.agents, cursor: cursorOf(page.value.after) });
}

function cursorOf(position: number | undefined): string | undefined {
  return position === undefined ? undefined : makeCursor(String(position));
}

function readPosition(cursor: string | undefined): Result<number | undefined> {
  const position = readCursor(cursor, /^\d{1,15}$/);
  if (!position.ok) return position;
  return accept(position.value === undefined ? undefined : Number(position.value));
}
