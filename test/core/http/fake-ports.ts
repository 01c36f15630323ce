import { everything } from "../../../src/core/access/grant.ts";
import type { Caller } from "../../../src/core/access/token.ts";
import { doorOf } from "../../../src/core/access/settings.ts";
import type { DirectoryOperations } from "../../../src/core/api/directory.ts";
import type {
  AgentOperations,
  CatalogOperations,
  ComponentOperations,
} from "../../../src/core/api/operations.ts";
import type { RolloutOperations, RolloutView } from "../../../src/core/api/rollouts.ts";
import type { RevisionDescription } from "../../../src/core/api/description.ts";
import type { TokenOperations } from "../../../src/core/api/tokens.ts";
import type { AgentView, InvocationView, ScheduleView } from "../../../src/core/api/views.ts";
import { accept, refuse } from "../../../src/core/errors.ts";
import { defaultLimits, type Limits } from "../../../src/core/limits.ts";
import { createApp } from "../../../src/http/app.ts";
import type { AuthPorts, Ports } from "../../../src/http/ports.ts";

const at = "2026-01-01T00:00:00.000Z";

export const agent: AgentView = {
  component: "shop",
  type: "Cart",
  key: "k",
  incarnation: "5f1c2f0a-0000-4000-8000-000000000000",
  status: "idle",
  revision: 1,
  createdAt: at,
  pendingInvocations: 0,
  updates: { pending: [], successful: [], failed: [] },
  lastManualUpdateSnapshotIndex: null,
  lastAutomaticSnapshotIndex: null,
  skippedRegions: [],
  deletedRegions: [],
  lastOplogIndex: 1,
};

export const invocation: InvocationView = {
  idempotencyKey: "key-1",
  method: "add",
  status: "completed",
  acceptedAt: at,
  result: 3,
};

const schedule: ScheduleView = {
  id: "5f1c2f0a-0000-4000-8000-000000000001",
  cron: "@daily",
  timezone: "UTC",
  method: "add",
  args: [],
  createdAt: at,
};

export function revision(number: number): RevisionDescription {
  return {
    component: "shop",
    revision: number,
    digest: "sha256:00",
    createdAt: at,
    agentTypes: [],
  };
}

const update = {
  id: "u",
  mode: "automatic",
  revision: 2,
  status: "pending",
  requestedAt: at,
} as const;

const agentDefaults: AgentOperations = {
  create: async () => accept({ agent, created: true }),
  describe: async () => accept(agent),
  presence: async () => ({ state: "here", agent }),
  destroy: async () => accept(null),
  invoke: async () => accept(invocation),
  invocation: async () => accept(invocation),
  invocations: async () => accept({ invocations: [invocation], before: 7 }),
  cancel: async () => accept({ cancelled: true }),
  interrupt: async () => accept(agent),
  resume: async () => accept(agent),
  revert: async () => accept(agent),
  fork: async () => accept(agent),
  export: async () => {
    throw new Error("no test of the router exports");
  },
  import: async () => accept(agent),
  depart: async () => {
    throw new Error("the router never asks for a departure");
  },
  historyPage: async () => {
    throw new Error("the router never reads a history");
  },
  snapshotPayload: async () => {
    throw new Error("the router never reads a history");
  },
  update: async () => accept(update),
  dryRun: async () => accept({ compatible: true, entriesReplayed: 4 }),
  updates: async () => accept(agent.updates),
  oplog: async () => accept({ entries: [], lastIndex: 0 }),
  follow: async () => refuse("agent-deleted", "It was deleted."),
  takeSnapshot: async () => accept({ index: 5, mime: "application/json", bytes: 2 }),
  snapshot: async () => accept({ mime: "application/json", text: "{}" }),
  completePromise: async () => accept({ completed: true }),
  createSchedule: async () => accept({ schedule, created: true }),
  schedules: async () => accept({ schedules: [schedule], next: 7 }),
  schedule: async () => accept(schedule),
  deleteSchedule: async () => accept(null),
  callFrom: async () => {
    throw new Error("the router never calls for an agent");
  },
  isBehind: async () => {
    throw new Error("the router never asks who waits");
  },
};

const componentDefaults: ComponentOperations = {
  publish: async () => accept({ revision: revision(1), created: true }),
  revision: async () => accept(revision(1)),
  revisions: async () => accept([revision(1)]),
  code: async () => {
    throw new Error("the router never asks for code");
  },
  admit: async () => {
    throw new Error("the router never admits a revision");
  },
  conclude: async () => {
    throw new Error("the router never concludes an import");
  },
};

const catalogDefaults: CatalogOperations = {
  record: async () => {
    throw new Error("the router never writes to the catalog");
  },
  list: async () => [],
};

export const rollout: RolloutView = {
  id: "6f1c2f0a-0000-4000-8000-000000000000",
  component: "shop",
  revision: 2,
  mode: "automatic",
  concurrency: 10,
  dryRun: false,
  status: "running",
  phase: "rest",
  createdAt: at,
  counts: { total: 3 },
};

const rolloutDefaults: RolloutOperations = {
  start: async () => accept(rollout),
  show: async () => accept(rollout),
  list: async () => ({ rollouts: [rollout] }),
  command: async () => accept(rollout),
  agents: async () => accept({ agents: [] }),
};

const directoryDefaults: DirectoryOperations = {
  list: async () => ({ agents: [] }),
};

const tokenDefaults: TokenOperations = {
  mint: async (request) => ({
    id: "id",
    ...request,
    createdAt: at,
    token: "pdr_id_secret",
  }),
  list: async () => ({ tokens: [] }),
  show: async () => undefined,
  revoke: async () => true,
};

/** Who may call: holders of the token; without one, anybody, but only in local development. */
interface FakeAuth {
  readonly local: boolean;
  readonly token?: string;
  /** Whom the token `minted` stands for. */
  readonly minted?: Caller | "unreachable";
  /** Whom any assertion stands for. */
  readonly asserted?: Caller | "keys-unavailable";
  /** How much too early a token with a limit is. */
  readonly waitMs?: number;
  readonly corsOrigins?: readonly string[];
}

function authOf(fake: FakeAuth): AuthPorts {
  const { token, minted, asserted, waitMs = 0, corsOrigins = [] } = fake;
  return {
    door: doorOf(fake),
    async callerOf(given) {
      if (given === token) return { grant: everything };
      if (minted === "unreachable") throw new Error("the tokens are out of reach");
      return given === "minted" ? minted : undefined;
    },
    ...(asserted === undefined
      ? {}
      : {
          checkAssertion: async () =>
            asserted === "keys-unavailable"
              ? refuse("access-keys-unavailable", "the keys are out of reach")
              : accept(asserted),
        }),
    take: async () => waitMs,
    corsOrigins,
  };
}

export interface Fakes {
  readonly agent?: Partial<AgentOperations>;
  readonly component?: Partial<ComponentOperations>;
  readonly catalog?: Partial<CatalogOperations>;
  readonly directory?: Partial<DirectoryOperations>;
  readonly rollouts?: Partial<RolloutOperations>;
  readonly listen?: Ports["listen"];
  readonly auth?: FakeAuth;
  readonly tokens?: Partial<TokenOperations>;
  readonly misconfigured?: readonly string[];
  readonly limits?: Partial<Limits>;
}

/** A call that reached a port: the operation's name and its arguments. */
export type Call = readonly [operation: string, ...args: readonly unknown[]];

/** An app over fakes that notes every call, and `send`, which makes a request to it. */
export function startApp(fakes: Fakes = {}) {
  const calls: Call[] = [];
  const app = createApp({
    agents: () => noting(calls, { ...agentDefaults, ...fakes.agent }),
    listen: fakes.listen ?? (async () => new Response()),
    component: (name) => noting(calls, { ...componentDefaults, ...fakes.component }, name),
    catalog: () => noting(calls, { ...catalogDefaults, ...fakes.catalog }),
    directory: () => noting(calls, { ...directoryDefaults, ...fakes.directory }),
    rollouts: (name) => noting(calls, { ...rolloutDefaults, ...fakes.rollouts }, name),
    auth: authOf(fakes.auth ?? { local: true }),
    tokens: noting(calls, { ...tokenDefaults, ...fakes.tokens }),
    limits: { ...defaultLimits, ...fakes.limits },
    misconfigured: fakes.misconfigured ?? [],
    version: "1.2.3",
  });
  const send = async (verb: string, path: string, init: RequestInit = {}): Promise<Response> =>
    app.request(path, { method: verb, ...init });
  return { calls, send };
}

function noting<Operations extends object>(
  calls: Call[],
  operations: Operations,
  ...prefix: readonly unknown[]
): Operations {
  return new Proxy(operations, {
    get: (target, name) => {
      const operation = Reflect.get(target, name) as (...args: readonly unknown[]) => unknown;
      return (...args: readonly unknown[]) => {
        calls.push([String(name), ...prefix, ...args]);
        return operation(...args);
      };
    },
  });
}

/** The members of a problem document that tests look at. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly issues?: readonly { readonly path: readonly unknown[]; readonly message: string }[];
  readonly [member: string]: unknown;
}

/** Reads a problem document. */
export async function problemOf(response: Response): Promise<ProblemDocument> {
  return (await response.json()) as ProblemDocument;
}

/** A JSON body with its media type. */
export function json(value: unknown): RequestInit {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}
