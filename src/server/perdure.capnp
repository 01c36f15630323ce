# The host on one machine. The state directory and the address come from the command line
# (see workerd.ts), the variables from the environment (see variables.ts). The compatibility date and
# the bindings are those of wrangler.toml.
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
    (className = "DirectoryObject", uniqueKey = "perdure-DirectoryObject", enableSql = true),
    (className = "RolloutObject", uniqueKey = "perdure-RolloutObject", enableSql = true),
    (className = "TokensObject", uniqueKey = "perdure-TokensObject", enableSql = true),
    (className = "RateObject", uniqueKey = "perdure-RateObject", enableSql = true),
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
    (name = "LOADER", workerLoader = (id = "agents")),
    (name = "PERDURE_TOKEN", fromEnvironment = "PERDURE_TOKEN"),
    (name = "PERDURE_ACCESS", fromEnvironment = "PERDURE_ACCESS"),
    (name = "PERDURE_CORS_ORIGINS", fromEnvironment = "PERDURE_CORS_ORIGINS"),
    (name = "PERDURE_LOCAL", fromEnvironment = "PERDURE_LOCAL"),
    (name = "PERDURE_BINDINGS", fromEnvironment = "PERDURE_BINDINGS"),
    (name = "PERDURE_DIRECTORY_SHARDS", fromEnvironment = "PERDURE_DIRECTORY_SHARDS"),
    (name = "PERDURE_LIMITS", fromEnvironment = "PERDURE_LIMITS"),
    (name = "PERDURE_RETRY", fromEnvironment = "PERDURE_RETRY"),
    (name = "PERDURE_SUSPEND_AFTER_MS", fromEnvironment = "PERDURE_SUSPEND_AFTER_MS"),
    (name = "PERDURE_ISOLATION", fromEnvironment = "PERDURE_ISOLATION"),
    (name = "PERDURE_LOADING", fromEnvironment = "PERDURE_LOADING"),
  ],
);
