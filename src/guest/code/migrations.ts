/**
 * State schemas that move: which version of its state an agent class has, and how the state of an
 * older version becomes one of it. The statics `version` and `migrations` say so.
 */
import { AgentError } from "../author/errors.ts";

/** Takes the state of the version before to its own: what it returns, or what it has changed. */
type Migration = (state: unknown) => unknown;

/** What a class says of the schema of its state. */
export interface Schema {
  readonly typeName: string;
  readonly version: number;
  /** Whether the class names its version: without, it is 1. */
  readonly isDeclared: boolean;
  readonly migrations: Readonly<Record<string, Migration>>;
}

interface Statics {
  readonly name: string;
  readonly version?: unknown;
  readonly migrations?: unknown;
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function checkMigrations(migrations: object, { name }: Statics, version: number): void {
  for (const [key, migration] of Object.entries(migrations)) {
    const isWhole = isVersion(Number(key)) && String(Number(key)) === key;
    const isKnown = isWhole && Number(key) > 1 && Number(key) <= version;
    if (isKnown && typeof migration === "function") continue;
    throw new TypeError(
      isKnown
        ? `static migrations[${key}] of ${name} must be a function that takes the state of version ${Number(key) - 1} to version ${key}.`
        : `static migrations of ${name} has the key ${key}, but the keys are versions above 1 and up to static version, which is ${version}.`,
    );
  }
}

/** The schema of a class; throws for one that cannot be understood. */
export function stateSchemaOf(AgentClass: object): Schema {
  const statics = AgentClass as Statics;
  const { name, version = 1, migrations = {} } = statics;
  if (!isVersion(version)) {
    throw new TypeError(`static version of ${name} must be a positive integer.`);
  }
  if (typeof migrations !== "object" || migrations === null) {
    throw new TypeError(
      `static migrations of ${name} must be an object of functions by the versions that they lead to: { 2: (state) => … }.`,
    );
  }
  checkMigrations(migrations, statics, version);
  return {
    typeName: name,
    version,
    isDeclared: statics.version !== undefined,
    migrations: migrations as Schema["migrations"],
  };
}

async function applied(migration: Migration, state: unknown, which: string): Promise<unknown> {
  try {
    const changed = await migration(state);
    return changed === undefined ? state : changed;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AgentError(`${which} failed: ${message}`, {
      code: "migration-failed",
      cause: error,
    });
  }
}

/** A state that was saved by version `from`, as one of the present version. */
export async function migrated(
  { typeName, version, migrations }: Schema,
  state: unknown,
  from: number,
): Promise<unknown> {
  if (from > version) {
    throw new AgentError(
      `The snapshot has version ${from} of the state of ${typeName}, and this code only knows version ${version}; use a revision with static version ${from} or more, or define loadSnapshot to take it back.`,
      { code: "snapshot-too-new" },
    );
  }
  let present = state;
  for (let next = from + 1; next <= version; next++) {
    const migration = migrations[next];
    if (migration === undefined) {
      throw new AgentError(
        `The snapshot has version ${from} of the state of ${typeName}, and this code has no migrations[${next}] on the way to version ${version}; upload code with that step, or define loadSnapshot.`,
        { code: "migration-missing" },
      );
    }
    present = await applied(migration, present, `static migrations[${next}] of ${typeName}`);
  }
  return present;
}
