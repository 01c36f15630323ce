# The server of `npm start` (src/server/perdure.capnp) with the bare object in the same process and
# on the same disk. The state directory comes from the command line (see server.ts).
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bench", worker = .bench),
    (name = "state", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "bench")],
);

const bench :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "../dist/bench-worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [
    (className = "AgentObject", uniqueKey = "bench-AgentObject", enableSql = true),
    (className = "ComponentObject", uniqueKey = "bench-ComponentObject", enableSql = true),
    (className = "CatalogObject", uniqueKey = "bench-CatalogObject", enableSql = true),
    (className = "DirectoryObject", uniqueKey = "bench-DirectoryObject", enableSql = true),
    (className = "RolloutObject", uniqueKey = "bench-RolloutObject", enableSql = true),
    (className = "TokensObject", uniqueKey = "bench-TokensObject", enableSql = true),
    (className = "RateObject", uniqueKey = "bench-RateObject", enableSql = true),
    (className = "BareObject", uniqueKey = "bench-BareObject", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
  bindings = [
    (name = "AGENTS", durableObjectNamespace = "AgentObject"),
    (name = "COMPONENTS", durableObjectNamespace = "ComponentObject"),
    (name = "CATALOG", durableObjectNamespace = "CatalogObject"),
    (name = "DIRECTORY", durableObjectNamespace = "DirectoryObject"),
    (name = "ROLLOUTS", durableObjectNamespace = "RolloutObject"),
    (name = "TOKENS", durableObjectNamespace = "TokensObject"),
    (name = "RATES", durableObjectNamespace = "RateObject"),
    (name = "BARE", durableObjectNamespace = "BareObject"),
    (name = "LOADER", workerLoader = (id = "agents")),
    (name = "PERDURE_LOCAL", text = "true"),
    (name = "PERDURE_LOADING", text = "anonymous"),
  ],
);
