/** Calls of bindings where nothing is recorded, or where they are too large to be. */
import { describe, expect, test } from "vitest";
import { until } from "../e2e/support/until.ts";
import { bound, callsOf, granted } from "./support/bindings.ts";
import { reset } from "./support/host.ts";

describe("limits", () => {
  test("a body above the limit is a clear error, and the agent stays usable", async () => {
    const agent = await granted(
      "large",
      `async read(key, options) {
        const object = await this.bindings.FILES.get(key, options);
        return (await object.text()).length;
      }`,
      ["FILES"],
    );
    await bound.FILES.put("large", "x".repeat(16 * 1024 * 1024 + 1));
    const { status, body } = await agent.request("read", ["large"]);
    expect({ status, code: body.code }).toEqual({ status: 500, code: "payload-too-large" });
    expect(body.detail).toMatch(/binding\.FILES\.get.*16777216 bytes.*part/);
    expect(await agent.invoke("read", "large", { range: { offset: 0, length: 5 } })).toBe(5);
    await bound.FILES.delete("large");
  });

  test("arguments above the limit are refused before anything is recorded", async () => {
    const agent = await granted(
      "large-arguments",
      `async write() { await this.bindings.CACHE.put("large", "x".repeat(16 * 1024 * 1024 + 1)); }`,
      ["CACHE"],
    );
    const { body } = await agent.request("write", []);
    expect([body.code, body.detail]).toEqual([
      "payload-too-large",
      expect.stringContaining("binding.CACHE.put") as string,
    ]);
    expect(await callsOf(agent)).toEqual([]);
  });
});

describe("without a record", () => {
  test("calls in a step go out live; the step is what is recorded", async () => {
    const agent = await granted(
      "in-step",
      `async run() {
        return step("both", async () => {
          await this.bindings.CACHE.put("in-step", "written");
          return this.bindings.CACHE.get("in-step");
        });
      }`,
      ["CACHE"],
    );
    expect(await agent.invoke("run")).toBe("written");
    expect(await callsOf(agent)).toEqual([]);
    await bound.CACHE.put("in-step", "other");
    await reset();
    expect(await agent.invoke("run")).toBe("written");
  });

  test("calls in snapshot hooks go out live", async () => {
    const agent = await granted(
      "in-hooks",
      `static snapshots = { everyInvocations: 1 };
      text = "none";
      set(text) { this.text = text; }
      get() { return this.text; }
      async saveSnapshot() {
        await this.bindings.CACHE.put("in-hooks", this.text);
        return null;
      }
      async loadSnapshot() { this.text = await this.bindings.CACHE.get("in-hooks"); }`,
      ["CACHE"],
    );
    await agent.invoke("set", "saved");
    await until("a snapshot was taken", async () => {
      return (await agent.view()).lastAutomaticSnapshotIndex ?? undefined;
    });
    expect(await bound.CACHE.get("in-hooks")).toBe("saved");
    await bound.CACHE.put("in-hooks", "put there meanwhile");
    await agent.evict();
    expect(await agent.invoke("get")).toBe("put there meanwhile");
    expect(await callsOf(agent)).toEqual([]);
  });

  test("in constructors and field initialisers a binding can be named, not called", async () => {
    const agent = await granted(
      "in-fields",
      `cache = this.bindings.CACHE;
      refused = (() => {
        try { this.bindings.CACHE.get("x"); } catch (error) { return error.message; }
      })();
      tell() { return this.refused; }
      async get(key) { return this.cache.get(key); }`,
      ["CACHE"],
    );
    expect(await agent.invoke("tell")).toBe(
      "binding.CACHE.get cannot be called in a constructor or field initialiser; call it in onCreate or in a method.",
    );
    await bound.CACHE.put("in-fields", "there");
    expect(await agent.invoke("get", "in-fields")).toBe("there");
  });
});
