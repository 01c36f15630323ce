/** Agents that were granted bindings, and the bindings themselves as the operator sees them. */
import { env, exports } from "cloudflare:workers";
import type { EntryView } from "../../../src/core/api/views.ts";
import { HostedAgent } from "./host.ts";

interface Backend {
  calls(): Promise<readonly (readonly unknown[])[]>;
  letGo(name: string): Promise<void>;
}

/** What test/support/host-bindings.ts gives to the host. */
export const bound = env as unknown as {
  readonly CACHE: KVNamespace;
  readonly FILES: R2Bucket;
  readonly DB: D1Database;
  readonly BACKEND: Backend;
};

const worker = exports as unknown as { readonly default: Fetcher };

/** Uploads a class `Box` with these members; answers the bare response. */
export async function upload(
  component: string,
  members: string,
  bindings?: readonly string[],
): Promise<{ readonly status: number; readonly body: { code?: string; detail?: string } }> {
  const code = `import { Agent, AgentError, step, withIdempotence } from "perdure";
    export class Box extends Agent { ${members} }`;
  const response = await worker.default.fetch(
    `http://localhost/v1/components/${component}/revisions`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        main: "index.js",
        modules: { "index.js": code },
        ...(bindings === undefined ? {} : { perdure: { bindings } }),
      }),
    },
  );
  return { status: response.status, body: await response.json() };
}

/** An agent of a new component that was granted these bindings. */
export async function granted(
  component: string,
  members: string,
  bindings?: readonly string[],
): Promise<HostedAgent> {
  const { status, body } = await upload(component, members, bindings);
  if (status !== 201) throw new Error(`the upload was answered ${status} ${body.detail}`);
  return new HostedAgent(component, component);
}

interface CallStart extends EntryView {
  readonly call: string;
  readonly durability: string;
}

/** The `Start`s of calls of bindings. */
export function startsOf(entries: readonly EntryView[]): CallStart[] {
  const starts = entries.filter(({ kind }) => kind === "Start") as CallStart[];
  return starts.filter(({ call }) => call.startsWith("binding."));
}

/** The calls of bindings in the oplog: name, and how each is recorded. */
export async function callsOf(agent: HostedAgent): Promise<[call: string, durability: string][]> {
  return startsOf(await agent.oplog()).map(({ call, durability }) => [call, durability]);
}
