/** The few calls of the HTTP API that the demo makes. */

/** The request went out, or could not, and no answer came: nobody knows what became of it. */
export class ConnectionBroken extends Error {}

/** One update as the API shows it. */
export interface Update {
  readonly id: string;
  readonly mode: "automatic" | "manual";
  readonly revision: number;
  readonly status: string;
  readonly detail?: string;
}

/** One agent as the API shows it, as far as the demo looks at it. */
export interface AgentView {
  readonly status: string;
  readonly revision: number;
  readonly pendingInvocations: number;
  readonly updates: {
    readonly pending: readonly Update[];
    readonly successful: readonly Update[];
    readonly failed: readonly Update[];
  };
}

/** One oplog entry, as far as the demo looks at it. */
export interface Entry {
  readonly index: number;
  readonly kind: string;
  readonly idempotencyKey?: string;
  readonly method?: string;
  readonly call?: string;
  readonly updateId?: string;
  readonly outcome?: { readonly ok: boolean };
}

/** What a client of Perdure needs for this demo; `key` is the agent's. */
export interface Api {
  health(): Promise<unknown>;
  upload(main: string, modules: Readonly<Record<string, string>>): Promise<number>;
  create(key: string, revision: number, env: Readonly<Record<string, string>>): Promise<AgentView>;
  agent(key: string): Promise<AgentView>;
  invoke(key: string, method: string, args: readonly unknown[], id?: string): Promise<unknown>;
  update(key: string, revision: number, mode: Update["mode"]): Promise<Update>;
  oplog(key: string): Promise<readonly Entry[]>;
}

const COMPONENT = "pull-requests";
const TYPE = "PullRequest";
const REQUEST_LIMIT_MS = 30_000;

/** A client of the server that answers at `base()`, which is asked before every request. */
export function createApi(base: () => string): Api {
  const send = (method: string, path: string, body?: unknown, key?: string): Promise<unknown> =>
    request(`${base()}/v1${path}`, method, body, key);
  const at = (key: string): string => `/agents/${COMPONENT}/${TYPE}/${encodeURIComponent(key)}`;
  return {
    health: () => send("GET", "/health"),
    async upload(main, modules) {
      const path = `/components/${COMPONENT}/revisions`;
      const { revision } = (await send("POST", path, { main, modules })) as { revision: number };
      return revision;
    },
    create: (key, revision, env) => send("PUT", at(key), { revision, env }) as Promise<AgentView>,
    agent: (key) => send("GET", at(key)) as Promise<AgentView>,
    async invoke(key, method, args, id) {
      const path = `${at(key)}/invoke/${method}`;
      const invocation = (await send("POST", path, args, id)) as { result: unknown };
      return invocation.result;
    },
    update: (key, revision, mode) =>
      send("POST", `${at(key)}/update`, { revision, mode }) as Promise<Update>,
    oplog: (key) => readOplog((query) => send("GET", `${at(key)}/oplog${query}`)),
  };
}

async function readOplog(page: (query: string) => Promise<unknown>): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for (let from: number | undefined = 1; from !== undefined;) {
    const read = (await page(`?from=${from}&limit=1000`)) as { entries: Entry[]; next?: number };
    all.push(...read.entries);
    from = read.next;
  }
  return all;
}

async function request(
  url: string,
  method: string,
  body: unknown,
  idempotencyKey: string | undefined,
): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
  const init = {
    method,
    headers,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  const [status, text] = await exchange(url, init);
  if (status >= 400)
    throw new Error(`${method} ${new URL(url).pathname} answered ${status}: ${text}`);
  return JSON.parse(text);
}

async function exchange(url: string, init: RequestInit): Promise<readonly [number, string]> {
  try {
    const response = await fetch(url, init);
    return [response.status, await response.text()];
  } catch (error) {
    throw new ConnectionBroken(`No answer from ${url}: ${String(error)}`, { cause: error });
  }
}
