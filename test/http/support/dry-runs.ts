import { afterAll, expect } from "vitest";
import type { DryRunView } from "../../../src/core/api/views.ts";
import { agentPath, type Answer } from "./api.ts";
import { ledger, type LedgerParts } from "./ledger-agents.ts";
import { openReceiver, type Received } from "./receiver.ts";
import type { Site } from "./site.ts";
import { traceOf } from "./trace.ts";
import { until } from "./until.ts";

/** What tests of dry runs need beside a server. */
export interface DryRuns {
  /** Of a receiver: requests to `/held…` are answered once `release` is called with their path. */
  readonly url: string;
  readonly release: (path: string) => void;
  readonly arrivals: (path: string) => readonly Received[];
  /** Resolves once a request has come to the path. */
  readonly arrived: (path: string) => Promise<unknown>;
  /** An agent on the first of these revisions. */
  readonly living: (...revisions: readonly string[]) => Promise<string>;
  /** One that has paid, and noted twice: replayable are 4 entries of `pay`, and 2 of each `note`. */
  readonly seasoned: (other: LedgerParts) => Promise<string>;
  /** Asks for a dry run of an automatic update to revision 2; `more` says otherwise. */
  readonly ask: (agent: string, more?: object) => Promise<Answer<DryRunView>>;
  /** The answer of a dry run, after which everything is as before it. */
  readonly traceless: (agent: string, more?: object) => Promise<DryRunView>;
}

/** Opens the receiver that the tests of the calling file share. */
export async function openDryRuns({ api, fresh }: Site): Promise<DryRuns> {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (path: string): PromiseWithResolvers<void> => {
    const known = gates.get(path) ?? Promise.withResolvers<void>();
    gates.set(path, known);
    return known;
  };
  const receiver = await openReceiver(async ({ path }, response) => {
    if (path.startsWith("/held")) await gate(path).promise;
    response.end(`answer of ${path}`);
  });
  afterAll(() => receiver.close());
  const { url } = receiver;
  const dryRuns: DryRuns = {
    url,
    release: (path) => gate(path).resolve(),
    arrivals: (path) => receiver.received.filter((one) => one.path === path),
    arrived: (path) =>
      until(
        () => dryRuns.arrivals(path).length,
        (count) => count > 0,
      ),
    async living(...revisions) {
      const component = fresh("ledger");
      for (const revision of revisions) await api.upload(component, revision);
      const agent = agentPath(component, "Ledger", "one");
      expect((await api.send("PUT", agent, { json: { revision: 1 } })).status).toBe(201);
      return agent;
    },
    async seasoned(other) {
      const agent = await dryRuns.living(ledger(), ledger(other));
      await api.result(agent, "pay", `${url}/pay`, 7);
      for (const word of ["a", "b"]) await api.result(agent, "note", word);
      return agent;
    },
    ask(agent, more = {}) {
      const json = { revision: 2, mode: "automatic", dryRun: true, ...more };
      return api.send<DryRunView>("POST", `${agent}/update`, { json });
    },
    async traceless(agent, more = {}) {
      const [before, sent] = [await traceOf(api, agent), receiver.received.length];
      const { status, body } = await dryRuns.ask(agent, more);
      expect(status).toBe(200);
      expect(await traceOf(api, agent)).toEqual(before);
      expect(receiver.received.length).toBe(sent);
      expect(await api.updates(agent)).toEqual({ pending: [], successful: [], failed: [] });
      return body;
    },
  };
  return dryRuns;
}
