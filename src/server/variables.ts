/** The variables of the Worker on one machine: those of the environment, else what makes it local. */
import { readConfig, variables } from "../config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What differs from a deployed host by default. */
export const localDefaults: Environment = {
  PERDURE_LOCAL: "true",
  PERDURE_LOADING: "anonymous",
  PERDURE_DIRECTORY_SHARDS: "4",
};

/** Every variable there is, empty where nothing sets it; or what is wrong with them. */
export function workerVariables(
  environment: Environment,
):
  | { readonly ok: true; readonly set: Environment }
  | { readonly ok: false; readonly fault: string } {
  const names = Object.values(variables).map(({ name }) => name);
  const set = Object.fromEntries(
    names.map((name) => [name, environment[name] || (localDefaults[name] ?? "")]),
  );
  const { faults } = readConfig(set);
  if (faults.length === 0) return { ok: true, set };
  return { ok: false, fault: faults.map(({ sentence }) => sentence).join("\n") };
}
