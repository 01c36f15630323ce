# The host on one machine. The state directory and the address come from the command line
# (see workerd.ts). The compatibility date and the bindings are those of wrangler.toml, but for
# the two settings that make it local: what runs unauthenticated, and how code is loaded.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "perdure", worker = .perdure),
    (name = "state", disk = (writable = true)),
    (
      name = "internet",
      network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)),
    ),
  ],
  sockets = [(name = "http", http = (), service = "perdure")],
);

const perdure :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "../../dist/worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [
    (className = "AgentObject", uniqueKey = "perdure-AgentObject", enableSql = true),
    (className = "ComponentObject", uniqueKey = "perdure-ComponentObject", enableSql = true),
    (className = "CatalogObject", uniqueKey = "perdure-CatalogObject", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
  bindings = [
    (name = "AGENTS", durableObjectNamespace = "AgentObject"),
    (name = "COMPONENTS", durableObjectNamespace = "ComponentObject"),
    (name = "CATALOG", durableObjectNamespace = "CatalogObject"),
    (name = "LOADER", workerLoader = (id = "agents")),
    (name = "PERDURE_LOCAL", text = "true"),
    (name = "PERDURE_LOADING", text = "anonymous"),
    (name = "PERDURE_TOKEN", fromEnvironment = "PERDURE_TOKEN"),
  ],
);
