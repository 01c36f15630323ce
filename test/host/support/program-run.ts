/** Runs generated programs in an agent of the host, and keeps what there is to compare. */
import type { Item, Program } from "../../support/programs/programs.ts";
import { expectReplayed } from "../../support/programs/comparing.ts";
import interpreterText from "../../support/programs/interpreter.js?raw";
import nativeText from "../../support/programs/native.js?raw";
import { publish } from "../../e2e/support/api.ts";
import { api, HostedAgent } from "./host.ts";
import programmedText from "./programmed.js?raw";
import { Recording } from "./recording.ts";

const COMPONENT = "programs";

/** Uploads the code that runs programs. */
export async function publishProgrammed(): Promise<void> {
  await publish(api, COMPONENT, {
    main: "programmed.js",
    modules: {
      "programmed.js": programmedText,
      "interpreter.js": interpreterText,
      "native.js": nativeText,
    },
  });
}

async function run(agent: HostedAgent, program: Program, label: string): Promise<void> {
  const key = await agent.enqueue("run", program, label);
  const { status } = await agent.outcome(key);
  if (status === "completed" || status === "failed") return;
  throw new Error(`${label} is ${status}`);
}

/** Chooses which beginnings of a record are replayed. */
export type Choice = (record: Recording["record"]) => Iterable<number>;

/** One invocation for each program, then replays; throws where something is not as it was. */
export async function expectSame(
  key: string,
  programs: readonly Program[],
  choose: Choice,
): Promise<number> {
  const agent = new HostedAgent(COMPONENT, key, "Programmed");
  for (const [at, program] of programs.entries()) await run(agent, program, `${key}-p${at}`);
  const live = await Recording.of(agent);
  const { trace } = (await live.saved(await agent.takeSnapshot())) as { trace: readonly Item[] };
  const { record } = live;
  const lengths = [...choose(record)];
  await expectReplayed({ record, trace }, live, lengths);
  return lengths.length;
}
