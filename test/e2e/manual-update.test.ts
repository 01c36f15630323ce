/** Manual updates: the old instance saves, a fresh one of the new code loads; history is left behind. */
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box, type HookReport, hooks, OTHER_COUNT } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();
const one = box({ mark: "one" });
const two = box({ mark: "two", count: OTHER_COUNT });

function reports(hook: "saved" | "loaded", key: string): HookReport[] {
  return host.receiver.at(`/${hook}/${key}`).map(({ body }) => JSON.parse(body) as HookReport);
}

function withHooks(mark: string, duringLoad?: string): string {
  return box({ mark, count: OTHER_COUNT, members: hooks(host.receiver.url, mark, duringLoad) });
}

describe("a manual update succeeds", () => {
  test("with the default hooks: state is handed over, fields of the new code keep their initialisers", async () => {
    const members = `
      label = "unnamed";
      made = new Map([["by", "two"]]);
      describe() { return [this.label, this.made.get("by"), this.items]; }`;
    const agent = await host.box(
      "default-hooks",
      one,
      box({ mark: "two", count: OTHER_COUNT, members }),
    );
    await agent.invoke("add", "a");
    expect(await agent.update("manual", 2)).toMatchObject({ status: "successful", revision: 2 });
    const expected = ["unnamed", "two", ["a"]];
    expect(await agent.invoke("describe")).toEqual(expected);
    await host.crash();
    expect(await agent.invoke("describe")).toEqual(expected);
    expect(await agent.invoke("add", "b")).toBe("another count: 2");
  });

  test("and leaves the history before it behind, as the resource shows", async () => {
    const agent = await host.box("behind", one, two);
    await agent.invoke("add", "a");
    await agent.update("manual", 2);
    const pending = (await agent.oplog()).find(({ kind }) => kind === "PendingUpdate");
    expect(pending).toMatchObject({ mode: "manual", snapshot: { mime: "application/json" } });
    expect(await agent.view()).toMatchObject({
      status: "idle",
      revision: 2,
      lastManualUpdateSnapshotIndex: pending?.index,
      lastAutomaticSnapshotIndex: null,
      skippedRegions: [[2, pending?.index]],
    });
  });

  test("in its turn: what was accepted before it runs on the old code, what came after on the new", async () => {
    const agent = await host.box("in-turn", one, two);
    const gate = host.receiver.shut("/in-turn");
    const sent = await agent.enqueue("send", `${host.receiver.url}/in-turn`, "a");
    const before = await agent.enqueue("add", "b");
    const { body: update } = await agent.requestUpdate("manual", 2);
    const after = await agent.enqueue("add", "c");
    expect((await agent.updates()).pending).toMatchObject([{ id: update.id, status: "queued" }]);
    await host.receiver.arrived("/in-turn", 1);
    gate.open();
    expect(await agent.conclusion(update.id)).toMatchObject({ status: "successful" });
    expect(await agent.outcome(sent)).toMatchObject({ revision: 1, result: "one" });
    expect(await agent.outcome(before)).toMatchObject({ revision: 1, result: 2 });
    expect(await agent.outcome(after)).toMatchObject({ revision: 2, result: "another count: 3" });
    expect(host.receiver.at("/in-turn")).toHaveLength(1);
  });

  test("with hooks: each runs once, loadSnapshot on a fresh instance, told who saved", async () => {
    const agent = await host.box("hooked", withHooks("one"), withHooks("two"));
    await agent.invoke("add", "a");
    await agent.update("manual", 2);
    expect(reports("saved", "hooked")).toEqual([{ mark: "one", found: ["a"] }]);
    expect(reports("loaded", "hooked")).toEqual([{ mark: "two", found: [], savedBy: 1 }]);
    expect(await agent.invoke("list")).toEqual(["a"]);
    const kinds = await agent.kinds();
    expect(kinds.filter((kind) => kind === "Start")).toEqual([]);
  });

  test("with a snapshot of bytes", async () => {
    const members = `
      saveSnapshot() { return new TextEncoder().encode(this.items.join()); }
      loadSnapshot(state) { this.items = new TextDecoder().decode(state).split(","); }`;
    const code = (mark: string) => box({ mark, members });
    const agent = await host.box("bytes", code("one"), code("two"));
    await agent.invoke("add", "a");
    await agent.invoke("add", "ü");
    await agent.update("manual", 2);
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "ü"]);
    const pending = (await agent.oplog()).find(({ kind }) => kind === "PendingUpdate");
    expect(pending).toMatchObject({ snapshot: { mime: "application/octet-stream", bytes: 4 } });
  });
});

describe("a manual update fails", () => {
  /** Requests the update with an invocation queued behind it, which must run on the old code. */
  async function expectFailure(agent: AgentClient, detail: string): Promise<void> {
    const gate = host.receiver.shut("/failing");
    await agent.enqueue("send", `${host.receiver.url}/failing`, "b");
    const { body: update } = await agent.requestUpdate("manual", 2);
    const behind = await agent.enqueue("add", "c");
    gate.open();
    expect(await agent.conclusion(update.id)).toMatchObject({
      status: "failed",
      detail: expect.stringContaining(detail) as unknown,
    });
    expect(await agent.outcome(behind)).toMatchObject({ revision: 1, result: 3 });
    const view = await agent.view();
    expect(view).toMatchObject({
      status: "idle",
      revision: 1,
      lastManualUpdateSnapshotIndex: null,
    });
    expect(view.skippedRegions).toEqual([]);
    expect(view.lastError).toBeUndefined();
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "b"', "c"]);
  }

  test("when saveSnapshot throws: a fresh instance is recovered and the queue goes on", async () => {
    const members = `saveSnapshot() {
      this.items.push("half saved");
      throw new Error("nothing to write on");
    }`;
    const agent = await host.box("unsaved", box({ mark: "one", members }), two);
    await agent.invoke("add", "a");
    await expectFailure(agent, "nothing to write on");
    expect(await agent.kinds()).not.toContain("PendingUpdate");
  });

  test("when a field cannot be saved: the detail names it", async () => {
    const agent = await host.box(
      "unclonable",
      box({ mark: "one", members: "helper = () => 1;" }),
      two,
    );
    await agent.invoke("add", "a");
    await expectFailure(agent, "helper");
  });

  test("when loadSnapshot throws: the old code goes on with its history", async () => {
    const members = 'loadSnapshot() { throw new Error("cannot read this"); }';
    const agent = await host.box("unloaded", one, box({ mark: "two", members }));
    await agent.invoke("add", "a");
    await expectFailure(agent, "cannot read this");
    expect((await agent.kinds()).filter((kind) => kind === "PendingUpdate")).toHaveLength(1);
  });

  test("when the new code does not start", async () => {
    const members = 'constructor() { super(); throw new Error("no life here"); }';
    const agent = await host.box("unstarted", one, box({ mark: "two", members }));
    await agent.invoke("add", "a");
    await expectFailure(agent, "no life here");
  });

  test("at once for a failed agent: nothing can be saved", async () => {
    const members = 'onCreate() { throw new Error("stillborn"); }';
    const agent = await host.box("stillborn", box({ mark: "one", members }), two);
    const before = await agent.oplog();
    expect(await agent.requestUpdate("manual", 2)).toMatchObject({
      status: 409,
      body: { code: "agent-failed" },
    });
    expect(await agent.oplog()).toEqual(before);
  });
});
