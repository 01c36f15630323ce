/** The configuration of this Worker, read once in an isolate. */
import { readConfig, type Config } from "../config.ts";
import type { Settings } from "../core/settings.ts";

type Read = ReturnType<typeof readConfig>;

const known = new WeakMap<object, Read>();

function read(env: object): Read {
  const present = known.get(env);
  if (present !== undefined) return present;
  const fresh = readConfig(env);
  for (const { sentence } of fresh.faults) console.error(sentence);
  known.set(env, fresh);
  return fresh;
}

/** An object goes on with the defaults for what is wrong: an alarm that threw over it would be lost. */
export function configOf(env: object): Config {
  return read(env).config;
}

/** Names of the variables that are wrong: with any of them no request is served. */
export function misconfiguredOf(env: object): readonly string[] {
  return read(env).faults.map(({ name }) => name);
}

/** What of it concerns how agents run: that goes to author code's isolate, and nothing else may. */
export function settingsOf({ limits, retry, suspendAfterMs }: Config): Settings {
  return { limits, retry, suspendAfterMs };
}
