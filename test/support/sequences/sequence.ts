/** Lets a sequence of commands happen to a real agent, and compares all that shows of it with the model. */
import { expect } from "vitest";
import type { Command, Turn } from "./commands.ts";
import { Model, type View } from "./model.ts";

/** A command as an agent gets it: a revert names an index. */
export type RealCommand =
  | Exclude<Command, { do: "revert" }>
  | { readonly do: "revert"; readonly target: { toIndex: number } | { invocations: number } };

/** A real agent on the first revision, initialized. */
export interface Subject {
  /** What the command is answered with, in the words of the model; `nth` numbers it. */
  perform(command: RealCommand, nth: number): Promise<string>;
  /** What shows of the agent, once that is what is expected, or has not become so for long. */
  view(expected: View): Promise<View>;
  items(): Promise<unknown>;
  lastIndex(): Promise<number>;
  /** What is known of the invocation with the key. */
  outcome(key: string): Promise<string>;
}

/** What the command is in the moment; nothing when it makes no sense. */
async function realized(
  subject: Subject,
  model: Model,
  command: Command,
): Promise<RealCommand | undefined> {
  // An agent that is busy is asked for no state: the dry run would wait for it to be free.
  if (command.do === "dry run") {
    return command.mode === "manual" && model.isBusy ? undefined : command;
  }
  if (command.do === "update during a save" && model.isBusy) return undefined;
  if (command.do === "resume" && model.view.status === "running") return undefined;
  if (command.do !== "revert") return command;
  if ("invocations" in command) {
    return { do: "revert", target: { invocations: command.invocations } };
  }
  const toIndex = model.moment(command.moment);
  if (toIndex === undefined || toIndex >= (await subject.lastIndex())) return undefined;
  return { do: "revert", target: { toIndex } };
}

async function compare(subject: Subject, model: Model, looks: boolean, where: string) {
  expect(await subject.view(model.view), where).toEqual(model.view);
  if (looks) expect(await subject.items(), where).toEqual(model.items);
}

/** Throws when anything is not as the model says. */
export async function runSequence(subject: Subject, turns: readonly Turn[]): Promise<void> {
  const model = new Model();
  model.remember(await subject.lastIndex());
  let nth = 0;
  const turn = async (command: Command, looks: boolean): Promise<void> => {
    const real = await realized(subject, model, command);
    if (real === undefined) return;
    nth += 1;
    const where = `${nth}: ${JSON.stringify(real)}`;
    expect(await subject.perform(real, nth), where).toBe(model.perform(command, nth));
    await compare(subject, model, looks, where);
    if (!model.isBusy) model.remember(await subject.lastIndex());
  };
  for (const { command, looks } of turns) await turn(command, looks);
  if (model.view.status === "interrupted") await turn({ do: "resume" }, true);
  await turn({ do: "wait" }, true);
  for (const recovery of ["once", "twice"]) {
    await subject.perform({ do: "evict" }, nth);
    await compare(subject, model, true, `recovered ${recovery}`);
  }
  for (const [key, outcome] of Object.entries(model.outcomes)) {
    expect(await subject.outcome(key), key).toBe(outcome);
  }
}
