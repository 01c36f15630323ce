import { readFileSync } from "node:fs";
import { Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { type Server, serverAt } from "./api.ts";

/** How the host loads the isolates of agents: the variable `PERDURE_LOADING`. */
export type Loading = "anonymous" | "named";

const text = (value: string) => ({ type: "text", value }) as const;
const objectBinding = (exportName: string) =>
  ({ type: "durable-object", worker: "perdure", exportName }) as const;
const objectExport = { type: "durable-object", storage: "sqlite" } as const;

/** The worker of wrangler.toml, in local development mode. */
function optionsOf(
  state: string,
  loading: Loading,
  variables: Readonly<Record<string, string>>,
): MiniflareOptions {
  const wrangler = readFileSync("wrangler.toml", "utf8");
  const contents = readFileSync("dist/worker.js", "utf8");
  return {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.NONE),
    telemetry: { enabled: false },
    resourcePersistencePath: state,
    workers: [
      {
        config: {
          name: "perdure",
          compatibilityDate: /^compatibility_date = "(.*)"$/m.exec(wrangler)?.[1] ?? "",
          manifest: {
            mainModule: "worker.js",
            modules: { "worker.js": { type: "esm", contents } },
          },
          env: {
            AGENTS: objectBinding("AgentObject"),
            COMPONENTS: objectBinding("ComponentObject"),
            CATALOG: objectBinding("CatalogObject"),
            DIRECTORY: objectBinding("DirectoryObject"),
            ROLLOUTS: objectBinding("RolloutObject"),
            TOKENS: objectBinding("TokensObject"),
            RATES: objectBinding("RateObject"),
            LOADER: { type: "worker-loader" },
            PERDURE_LOCAL: text("true"),
            PERDURE_LOADING: text(loading),
            ...Object.fromEntries(
              Object.entries(variables).map(([name, value]) => [name, text(value)]),
            ),
          },
          exports: {
            AgentObject: objectExport,
            ComponentObject: objectExport,
            CatalogObject: objectExport,
            DirectoryObject: objectExport,
            RolloutObject: objectExport,
            TokensObject: objectExport,
            RateObject: objectExport,
          },
        },
      },
    ],
  };
}

/** The built worker in Miniflare, with its state in a directory. */
export class MiniflareHost {
  readonly #state: string;
  readonly #loading: Loading;
  #miniflare: Miniflare | undefined;
  #url = "";

  constructor(state: string, loading: Loading) {
    this.#state = state;
    this.#loading = loading;
  }

  /** `variables` are set beside those that make it local. */
  async start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#miniflare = new Miniflare(optionsOf(this.#state, this.#loading, variables));
    this.#url = (await this.#miniflare.ready).origin;
  }

  async stop(): Promise<void> {
    await this.#miniflare?.dispose();
    this.#miniflare = undefined;
  }

  /** Each start listens on another port. */
  get api(): Server {
    return serverAt(this.#url);
  }
}
