/** A client of the HTTP API for tests: it hides nothing of an answer. */
import type {
  AgentView,
  EntryView,
  InvocationView,
  JsonValue,
  OplogPage,
  RevisionView,
  UpdatesView,
} from "../../../src/core/api/views.ts";

/** One answer: `body` is the parsed JSON, or undefined when there was none, or something else. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** What a request carries beside verb and path. `json` is sent as a JSON body. */
export interface Sent {
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How to invoke: what is left out is not sent. */
export interface Call {
  readonly args?: unknown;
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything of the API that tests ask for; `agent` arguments are paths made by `agentPath`. */
export interface Api {
  readonly url: string;
  send<Body = unknown>(verb: string, path: string, sent?: Sent): Promise<Answer<Body>>;
  get<Body = unknown>(path: string): Promise<Answer<Body>>;
  /** Uploads a script as the next revision; it must be accepted. */
  upload(component: string, script: string): Promise<RevisionView>;
  invoke<Body = InvocationView>(agent: string, method: string, call?: Call): Promise<Answer<Body>>;
  /** The result of an awaited invocation, which must be completed. */
  result(agent: string, method: string, ...args: unknown[]): Promise<JsonValue | undefined>;
  /** The agent, which must exist. */
  agent(agent: string): Promise<AgentView>;
  updates(agent: string): Promise<UpdatesView>;
  /** The whole oplog. */
  oplog(agent: string): Promise<readonly EntryView[]>;
}

/** The path of an agent. */
export function agentPath(component: string, type: string, key: string): string {
  return `/v1/agents/${component}/${type}/${encodeURIComponent(key)}`;
}

function contentOf({ json, body }: Sent): string | Uint8Array<ArrayBuffer> | undefined {
  return json === undefined ? body : JSON.stringify(json);
}

async function exchange<Body>(
  url: string,
  verb: string,
  path: string,
  sent: Sent,
): Promise<Answer<Body>> {
  const content = contentOf(sent);
  const headers = { ...(sent.json !== undefined && { "content-type": "application/json" }) };
  const response = await fetch(`${url}${path}`, {
    method: verb,
    headers: { ...headers, ...sent.headers },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson(response) && text !== "" ? JSON.parse(text) : undefined) as Body,
  };
}

function isJson({ headers }: Response): boolean {
  return /json\b/.test(headers.get("content-type") ?? "");
}

function required<Body>(what: string, answer: Answer<Body>): Body {
  if (answer.status < 300) return answer.body;
  throw new Error(`${what} answered ${answer.status}: ${answer.text.slice(0, 2000)}`);
}

/** A client of the server at `url`, with a token if it has one. */
export function createApi(url: string, token?: string): Api {
  const own: Readonly<Record<string, string>> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const send = <Body>(verb: string, path: string, sent: Sent = {}): Promise<Answer<Body>> =>
    exchange(url, verb, path, { ...sent, headers: { ...own, ...sent.headers } });
  const api: Api = {
    url,
    send,
    get: (path) => send("GET", path),
    async upload(component, script) {
      const path = `/v1/components/${component}/revisions`;
      const headers = { "content-type": "text/javascript" };
      return required("upload", await send<RevisionView>("POST", path, { body: script, headers }));
    },
    invoke: (agent, method, { args, key, query = "", headers = {} } = {}) =>
      send("POST", `${agent}/invoke/${method}${query}`, {
        ...(args === undefined ? {} : { json: args }),
        headers: { ...headers, ...(key !== undefined && { "idempotency-key": key }) },
      }),
    async result(agent, method, ...args) {
      const answer = await api.invoke(agent, method, { args });
      return required(`${agent} ${method}`, answer).result;
    },
    agent: async (agent) => required(agent, await send<AgentView>("GET", agent)),
    updates: async (agent) =>
      required("updates", await send<UpdatesView>("GET", `${agent}/updates`)),
    async oplog(agent) {
      const entries: EntryView[] = [];
      for (let from: number | undefined = 1; from !== undefined;) {
        const path = `${agent}/oplog?from=${from}&limit=1000`;
        const page: OplogPage = required("oplog", await send<OplogPage>("GET", path));
        entries.push(...page.entries);
        from = page.next;
      }
      return entries;
    },
  };
  return api;
}
