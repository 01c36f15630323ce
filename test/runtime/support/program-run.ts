/** Runs generated programs in an agent of a simulation, and keeps what there is to compare. */
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { Item, Program } from "../../support/programs/programs.ts";
import { Auditor } from "./auditor.ts";
import { entriesOn } from "./disk.ts";
import { decode } from "./guest.ts";
import { Helper, Programmed } from "./programmed.ts";
import { World, type WorldOptions } from "./world.ts";

export const PROGRAMMED = "lab/Programmed/one";

export const laboratory = { Programmed, Helper };

export interface ProgramRun {
  readonly record: readonly Indexed[];
  /** What the programs have seen, in the instance that lived to the end. */
  readonly trace: readonly Item[];
  /** How many points there were at which a process could have died. */
  readonly points: number;
}

async function traceOf(world: World): Promise<readonly Item[]> {
  const residence = world.agent(PROGRAMMED);
  if (residence.process?.instance === undefined) {
    await world.run(() => residence.persist("recovery", (runtime) => runtime.interrupt(true)));
  }
  const saved = residence.process?.instance?.peek();
  await world.settle();
  const reply = await saved;
  if (reply?.ok !== true) throw new Error(`no instance is left: ${JSON.stringify(reply)}`);
  return (decode(reply.snapshot.payload) as { trace: readonly Item[] }).trace;
}

/** One invocation for each program; throws when what happened was not sound. */
export async function runPrograms(
  programs: readonly Program[],
  options: Partial<Pick<WorldOptions, "seed" | "crashes" | "writeMs">> = {},
): Promise<ProgramRun> {
  const auditor = new Auditor(2);
  const { crashed, stored } = auditor;
  const modules = [laboratory];
  const world = new World({ seed: "programs", ...options, modules, crashed, stored });
  await world.run(async () => {
    for (const [at, program] of programs.entries()) {
      await world.invoke(PROGRAMMED, "run", [program, `p${at}`], { key: `run ${at}` });
    }
  });
  world.points.close();
  auditor.balance(world);
  const residence = world.agent(PROGRAMMED);
  const record = entriesOn(residence.disk);
  const points = world.points.passed.length;
  return { record, points, trace: await traceOf(world) };
}
