import { afterAll, beforeAll } from "vitest";
import { type RunningServer, startServer } from "../../support/server.ts";
import { AgentClient, publish, type Server, serverAt } from "./api.ts";
import { Receiver } from "./receiver.ts";

/** The server and the receiver of a test file. */
export interface Host {
  readonly server: RunningServer;
  readonly receiver: Receiver;
  readonly api: Server;
  /** Uploads revisions of a component, in order, and creates an agent on the first of them. */
  box(component: string, ...codes: readonly string[]): Promise<AgentClient>;
  /** Creates one more agent of the component, on its first revision. */
  another(component: string, key: string): Promise<AgentClient>;
  /** Kills the server with SIGKILL and starts it again on its state. */
  crash(): Promise<void>;
}

/** Starts a server and a receiver for all tests of a file; members are there once its tests run. */
export function hostForFile(): Host {
  let server: RunningServer | undefined;
  let receiver: Receiver | undefined;
  beforeAll(async () => {
    [server, receiver] = await Promise.all([startServer(), Receiver.start()]);
  });
  afterAll(async () => {
    await server?.stop();
    await receiver?.stop();
  });
  const host: Host = {
    get server() {
      if (server === undefined) throw new Error("the server is there once tests run");
      return server;
    },
    get receiver() {
      if (receiver === undefined) throw new Error("the receiver is there once tests run");
      return receiver;
    },
    get api() {
      return serverAt(host.server.url);
    },
    async box(component, ...codes) {
      for (const code of codes) await publish(host.api, component, code);
      return host.another(component, component);
    },
    async another(component, key) {
      const agent = new AgentClient(host.api, component, "Box", key);
      await agent.create(1);
      return agent;
    },
    async crash() {
      await host.server.kill9();
      await host.server.restart();
    },
  };
  return host;
}
