import { afterAll } from "vitest";
import { startServer, type RunningServer, type StartServerOptions } from "../../support/server.ts";
import { agentPath, createApi, type Api } from "./api.ts";

/** One server for all tests of a file. */
export interface Site {
  readonly server: RunningServer;
  readonly api: Api;
  /** A name that no other test of the file uses. */
  readonly fresh: (prefix?: string) => string;
  /** Uploads a script as a new component and gives the path of a new address of `type`. */
  readonly place: (type: string, script: string, key?: string) => Promise<Place>;
  /** Kills the server with SIGKILL and starts it again on the same state. */
  readonly crash: () => Promise<void>;
}

/** A component of one test, and an address in it. */
export interface Place {
  readonly component: string;
  readonly agent: string;
}

/** Starts the server that the tests of the calling file share. */
export async function openSite(options: StartServerOptions = {}): Promise<Site> {
  const server = await startServer(options);
  afterAll(async () => {
    await server.stop();
  });
  const api = createApi(server.url);
  let made = 0;
  const fresh = (prefix = "c"): string => `${prefix}-${++made}`;
  return {
    server,
    api,
    fresh,
    async place(type, script, key = "one") {
      const component = fresh();
      await api.upload(component, script);
      return { component, agent: agentPath(component, type, key) };
    },
    async crash() {
      await server.kill9();
      await server.restart();
    },
  };
}
