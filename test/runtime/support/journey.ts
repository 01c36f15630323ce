/** Journeys through every kind of durable call, and what there is to see of them at their ends. */
import { World, type WorldOptions } from "./world.ts";
import { Auditor } from "./auditor.ts";
import { Clerk, Traveller } from "./travellers.ts";
import { decode } from "./guest.ts";

export const TRAVELLER = "agency/Traveller/one";

export const JOURNEYS = ["call", "wait", "delegate", "compose", "stumble"] as const;

export type JourneyName = (typeof JOURNEYS)[number];

/** Everything that must be the same, wherever processes have died. */
export interface Outcome {
  readonly answers: readonly unknown[];
  readonly states: Readonly<Record<string, unknown>>;
  /** The labels of all effects that were done. */
  readonly effects: readonly string[];
}

export type JourneyOptions = Omit<WorldOptions, "modules" | "seed" | "crashed"> & {
  readonly seed?: string;
  /** Called before anything happens. */
  readonly begun?: (world: World) => void;
};

async function travel(world: World, names: readonly JourneyName[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const name of names) {
    const pack = (thing: string): ReturnType<World["invoke"]> =>
      world.invoke(TRAVELLER, "pack", [thing], { key: `${thing} for ${name}` });
    const bag = await pack("bag");
    const travelled = (): ReturnType<World["invoke"]> =>
      world.invoke(TRAVELLER, name, [], { key: name });
    // The request is sent twice at once, as by a client that has lost its patience.
    const both = [travelled(), travelled()];
    for (const answer of [bag, ...(await Promise.all([pack("hat"), pack("map"), ...both]))]) {
      answers.push(answer.ok ? answer.value.result : answer.refusal);
    }
  }
  return answers;
}

/** What the agent would save now, when a fresh instance is made of its record. */
async function stateOf(world: World, name: string): Promise<unknown> {
  const residence = world.agent(name);
  await world.run(() => residence.persist("state", (runtime) => runtime.interrupt(true)));
  const saved = residence.process?.instance?.peek();
  await world.settle();
  const reply = await saved;
  if (reply?.ok !== true) throw new Error(`${name} has no state: ${JSON.stringify(reply)}`);
  return decode(reply.snapshot.payload);
}

/** Makes journeys, one after the other; throws when what happened on the way was not sound. */
export async function journey(
  names: readonly JourneyName[],
  { stored, begun, ...options }: JourneyOptions = {},
): Promise<{ readonly world: World; readonly outcome: Outcome }> {
  const auditor = new Auditor();
  const world = new World({
    seed: "journey",
    ...options,
    modules: [{ Traveller, Clerk }],
    crashed: auditor.crashed,
    stored: (where, residence) => {
      auditor.stored(where, residence);
      stored?.(where, residence);
    },
  });
  auditor.begin(world);
  begun?.(world);
  const answers = await world.run(() => travel(world, names));
  world.points.close();
  const states: Record<string, unknown> = {};
  for (const { name } of world.agents) states[name] = await stateOf(world, name);
  auditor.balance(world);
  const effects = new Set(world.upstream.arrivals.flatMap((one) => (one.isDone ? one.label : [])));
  return { world, outcome: { answers, states, effects: [...effects].toSorted() } };
}
