/** An agent that has nothing to do can be taken out of memory, and nothing of it is lost. */
import { expect, test } from "vitest";
import { box as code } from "../e2e/support/box.ts";
import { box, receiverForTests, RECEIVER, reset } from "./support/host.ts";

const arrivals = receiverForTests();

test("an idle agent is evicted although its instance lives, and its state comes back", async () => {
  const agent = await box("idle", code({ mark: "one" }));
  await agent.invoke("add", "a");
  await agent.evict();
  expect(await agent.invoke("add", "b")).toBe(2);
  await agent.evict();
  expect(await agent.invoke("list")).toEqual(["a", "b"]);
});

test("an agent that has just been updated can be evicted", async () => {
  const agent = await box("updated", code({ mark: "one" }), code({ mark: "two" }));
  await agent.invoke("add", "a");
  for (const mode of ["automatic", "manual"] as const) {
    await agent.update(mode, mode === "automatic" ? 2 : 1);
    await agent.evict();
    expect(await agent.invoke("list")).toEqual(["a"]);
  }
});

test("an invocation that is reset in the middle of a fetch goes on, with the same key", async () => {
  const agent = await box("fetching", code({ mark: "one" }));
  const gate = arrivals().shut("/fetching");
  const key = await agent.enqueue("send", `${RECEIVER}/fetching`, "a");
  await arrivals().arrived("/fetching", 1);
  await reset();
  const [first, second] = await arrivals().arrived("/fetching", 2);
  gate.open();
  expect(second).toEqual(first);
  expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: "one" });
  expect(await agent.invoke("list")).toEqual(['answer to "a"']);
});
