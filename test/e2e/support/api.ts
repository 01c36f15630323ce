import type {
  AgentView,
  EntryView,
  InvocationsPage,
  InvocationView,
  OplogPage,
  RevisionView,
  ScheduleView,
  SnapshotView,
  UpdateMode,
  UpdatesView,
  UpdateView,
} from "../../../src/core/api/views.ts";
import { until } from "./until.ts";

/** An answer of the API: its status, and its body as JSON. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** A problem document, as far as the tests look at it. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
}

const jsonHeaders = { "content-type": "application/json" };

/** How requests reach the API. */
export interface Server {
  readonly url: string;
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** The server at a URL. */
export function serverAt(url: string): Server {
  return { url, fetch: (target, init) => fetch(target, init) };
}

/** Sends one request, and reads its answer. Throws when the connection breaks. */
async function send<T>(server: Server, url: string, init?: RequestInit): Promise<Answer<T>> {
  const response = await server.fetch(url, init);
  const body = await response.text();
  return { status: response.status, body: (body === "" ? null : JSON.parse(body)) as T };
}

function accepted<T>(what: string, { status, body }: Answer<T>): T {
  if (status >= 300) throw new Error(`${what} was answered ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Code in several modules. */
export interface Modules {
  readonly main: string;
  readonly modules: Readonly<Record<string, string>>;
}

/** Uploads code and gives the revision that it became. */
export async function publish(
  server: Server,
  component: string,
  code: string | Modules,
): Promise<number> {
  const isText = typeof code === "string";
  const answer = await send<RevisionView>(
    server,
    `${server.url}/v1/components/${component}/revisions`,
    {
      method: "POST",
      headers: { "content-type": isText ? "text/javascript" : "application/json" },
      body: isText ? code : JSON.stringify(code),
    },
  );
  return accepted("the upload", answer).revision;
}

/** One agent, as a client of the API sees it. */
export class AgentClient {
  readonly #server: Server;
  readonly #url: string;

  constructor(server: Server, component: string, type: string, key: string) {
    this.#server = server;
    this.#url = `${server.url}/v1/agents/${component}/${type}/${encodeURIComponent(key)}`;
  }

  #send<T>(path: string, init?: RequestInit): Promise<Answer<T>> {
    return send<T>(this.#server, `${this.#url}${path}`, init);
  }

  /** Whether it is there. */
  async exists(): Promise<boolean> {
    return (await this.#send("")).status === 200;
  }

  async view(): Promise<AgentView> {
    return accepted("GET of the agent", await this.#send<AgentView>(""));
  }

  async create(revision: number, env?: Readonly<Record<string, string>>): Promise<AgentView> {
    const body = JSON.stringify({ revision, env });
    const init = { method: "PUT", body, headers: jsonHeaders };
    return accepted("PUT", await this.#send<AgentView>("", init));
  }

  /** Invokes in the mode that `query` names and gives the bare answer. */
  request(
    method: string,
    args: readonly unknown[],
    { key, query = "" }: { key?: string; query?: string } = {},
  ): Promise<Answer<InvocationView & Problem>> {
    return this.#send(`/invoke/${method}${query}`, {
      method: "POST",
      headers: {
        ...jsonHeaders,
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify(args),
    });
  }

  /** Invokes, waits, and gives the result. */
  async invoke(method: string, ...args: unknown[]): Promise<unknown> {
    return accepted(method, await this.request(method, args)).result;
  }

  /** Enqueues an invocation and gives its key. */
  async enqueue(method: string, ...args: unknown[]): Promise<string> {
    const answer = await this.request(method, args, { query: "?mode=enqueue" });
    return accepted(method, answer).idempotencyKey;
  }

  /** Asks for a recurring schedule. */
  schedule(schedule: object): Promise<Answer<ScheduleView & Problem>> {
    const body = JSON.stringify(schedule);
    return this.#send("/schedules", { method: "POST", headers: jsonHeaders, body });
  }

  /** The newest invocations, at most a thousand. */
  async invocations(): Promise<readonly InvocationView[]> {
    const page = await this.#send<InvocationsPage>("/invocations?limit=1000");
    return accepted("GET of the invocations", page).invocations;
  }

  /** Asks for an invocation; waits up to so many seconds for its end. */
  invocation(key: string, wait = 0): Promise<Answer<InvocationView & Problem>> {
    return this.#send(`/invocations/${key}?wait=${wait}`);
  }

  /** The invocation with that key once it has ended. */
  outcome(key: string): Promise<InvocationView> {
    return until(`the invocation ${key} had ended`, async () => {
      const { body } = await this.invocation(key, 5);
      return body.finishedAt === undefined ? undefined : body;
    });
  }

  /** Takes a snapshot now, and gives the index of its entry. */
  async takeSnapshot(): Promise<number> {
    const answer = await this.#send<SnapshotView>("/snapshot", { method: "POST" });
    return accepted("the snapshot", answer).index;
  }

  requestUpdate(mode: UpdateMode, revision: number): Promise<Answer<UpdateView & Problem>> {
    return this.#send(`/update`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify({ mode, revision }),
    });
  }

  async updates(): Promise<UpdatesView> {
    return accepted("GET of the updates", await this.#send<UpdatesView>("/updates"));
  }

  /** The update with that id once it has concluded. */
  conclusion(id: string): Promise<UpdateView> {
    return until(`the update ${id} had concluded`, async () => {
      const { successful, failed } = await this.updates();
      return [...successful, ...failed].find((update) => update.id === id);
    });
  }

  /** Requests an update and waits for its conclusion. */
  async update(mode: UpdateMode, revision: number): Promise<UpdateView> {
    const { id } = accepted("the update", await this.requestUpdate(mode, revision));
    return this.conclusion(id);
  }

  /** Sends a body to a path below the agent's, and gives the bare answer. */
  post<T>(path: string, body: object): Promise<Answer<T>> {
    return this.#send(path, { method: "POST", headers: jsonHeaders, body: JSON.stringify(body) });
  }

  /** Reverts to an index, or the last invocations; it must be accepted. */
  async revert(target: { toIndex: number } | { invocations: number }): Promise<AgentView> {
    const init = { method: "POST", body: JSON.stringify(target), headers: jsonHeaders };
    return accepted("the revert", await this.#send<AgentView>("/revert", init));
  }

  /** Takes a snapshot now. */
  async snapshot(): Promise<SnapshotView> {
    return accepted(
      "the snapshot",
      await this.#send<SnapshotView>("/snapshot", { method: "POST" }),
    );
  }

  /** Deletes the agent. */
  async destroy(): Promise<void> {
    accepted("DELETE", await this.#send("", { method: "DELETE" }));
  }

  /** Where the oplog is followed. */
  get eventsUrl(): string {
    return `${this.#url}/events`;
  }

  /** All entries. */
  async oplog(): Promise<readonly EntryView[]> {
    const entries: EntryView[] = [];
    for (let from: number | undefined = 1; from !== undefined;) {
      const page: Answer<OplogPage> = await this.#send(`/oplog?from=${from}&limit=1000`);
      entries.push(...accepted("GET of the oplog", page).entries);
      from = page.body.next;
    }
    return entries;
  }

  async kinds(): Promise<readonly string[]> {
    return (await this.oplog()).map(({ kind }) => kind);
  }

  /** The agent once it has that status. */
  reaches(status: AgentView["status"]): Promise<AgentView> {
    return until(`the agent was ${status}`, async () => {
      const view = await this.view();
      return view.status === status ? view : undefined;
    });
  }
}
