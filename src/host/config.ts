/** The configuration of this Worker, read once in an isolate. */
import { readConfig, type Config } from "../config.ts";

const known = new WeakMap<object, Config>();

/** An object goes on with the defaults for what is wrong: an alarm that threw over it would be lost. */
export function configOf(env: object): Config {
  const present = known.get(env);
  if (present !== undefined) return present;
  const { config, faults } = readConfig(env);
  for (const fault of faults) console.error(fault);
  known.set(env, config);
  return config;
}
