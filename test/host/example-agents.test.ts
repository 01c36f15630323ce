/**
 * Semantics 4 and 7: the agents of the README and of examples/ are in a fresh isolate what they were
 * live, after every prefix of their records, through automatic and manual updates.
 */
import { expect, inject, test } from "vitest";
import { publish } from "../e2e/support/api.ts";
import { readTour } from "../e2e/readme/tour.ts";
import observing from "../../examples/pull-request/observe.js?raw";
import first from "../../examples/pull-request/revision-1.js?raw";
import second from "../../examples/pull-request/revision-2.js?raw";
import third from "../../examples/pull-request/revision-3.js?raw";
import readme from "../../README.md?raw";
import { api, HostedAgent, receiverForTests, RECEIVER } from "./support/host.ts";
import { Recording } from "./support/recording.ts";
import "../support/provided.ts";

receiverForTests();

/** An agent whose state is looked at between what it does. */
class Watched {
  readonly agent: HostedAgent;
  /** What the live instance was, by the index of the last entry then. */
  readonly #seen = new Map<number, unknown>();

  constructor(agent: HostedAgent) {
    this.agent = agent;
  }

  async #look(): Promise<void> {
    const index = await this.agent.takeSnapshot();
    const recording = await Recording.of(this.agent);
    const state = await recording.saved(index);
    this.#seen.set(index - 1, state).set(index, state);
  }

  async invoke(method: string, ...args: unknown[]): Promise<unknown> {
    const result = await this.agent.invoke(method, ...args);
    await this.#look();
    return result;
  }

  async update(mode: "automatic" | "manual", revision: number): Promise<string> {
    const { status } = await this.agent.update(mode, revision);
    await this.#look();
    return status;
  }

  /** After every prefix no divergence, and where it was looked at the same state. */
  async expectReplayed(): Promise<void> {
    const recording = await Recording.of(this.agent);
    const { length } = recording.record;
    const ends = recording.record.filter(({ entry }) => entry.kind === "AgentInvocationFinished");
    expect([...this.#seen.keys()]).toEqual(expect.arrayContaining(ends.map(({ index }) => index)));
    for (let prefix = 2; prefix <= length; prefix++) {
      const { reply, state } = await recording.replayed(prefix);
      const isOpen = recording.status(prefix).current !== undefined;
      expect([prefix, reply.state]).toEqual([prefix, isOpen ? "open" : "ready"]);
      if (this.#seen.has(prefix)) expect([prefix, state]).toEqual([prefix, this.#seen.get(prefix)]);
    }
  }
}

test("the basket of the README", async () => {
  const uploads = readTour(readme).flatMap(
    ({ code }) => /<<'EOF'\n([^]*)EOF\n/.exec(code)?.[1] ?? [],
  );
  expect(uploads).toHaveLength(3);
  for (const code of uploads) await publish(api, "shop", code);
  const ada = new HostedAgent("shop", "ada", "Basket");
  await ada.create(1);
  const basket = new Watched(ada);
  await basket.invoke("add", "tea", 2);
  await basket.invoke("add", "milk");
  await basket.invoke("checkout");
  await basket.invoke("add", "bread", 3);
  expect(await basket.update("automatic", 2)).toBe("successful");
  expect(await basket.invoke("total")).toBe(3);
  expect(await basket.update("automatic", 3)).toBe("failed");
  expect(await basket.update("manual", 3)).toBe("successful");
  expect(await basket.invoke("add", "bread")).toEqual({ bread: 4 });
  await basket.expectReplayed();
});

test("the pull request of examples/", async () => {
  const code = { "observe.js": observing, "revision-1.js": first };
  await publish(api, "pulls", { main: "revision-1.js", modules: code });
  const revised = { main: "revision-2.js", modules: { ...code, "revision-2.js": second } };
  await publish(api, "pulls", revised);
  const reshaped = { "observe.js": observing, "revision-3.js": third };
  await publish(api, "pulls", { main: "revision-3.js", modules: reshaped });
  const agent = new HostedAgent("pulls", "one", "PullRequest");
  await agent.create(1, { NOTIFY_URL: `${RECEIVER}/notify` });
  const pull = new Watched(agent);
  for (const [nth, { id, event, payload }] of inject("deliveries").entries()) {
    await pull.invoke("deliver", event, payload, id);
    if (nth === 5) expect(await pull.update("automatic", 2)).toBe("successful");
    if (nth === 11) expect(await pull.update("manual", 3)).toBe("successful");
  }
  expect(await agent.view()).toMatchObject({ revision: 3, status: "idle" });
  await pull.expectReplayed();
});
