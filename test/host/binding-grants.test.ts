/** Who may use a binding: whom the upload or the configuration grants it, at the time of the call. */
import { describe, expect, test } from "vitest";
import { bound, callsOf, granted, startsOf, upload } from "./support/bindings.ts";
import { until } from "../e2e/support/until.ts";
import { HostedAgent, reset } from "./support/host.ts";

const TELL = `
  names() { return Object.keys(this.bindings); }
  absent(name) { return this.bindings[name] === undefined; }
  async get(name, key) { return this.bindings[name].get(key); }`;

describe("grants", () => {
  test("without a grant there is nothing, of Perdure's own neither", async () => {
    const agent = await granted("nothing", TELL);
    // test/support/host-bindings.ts grants JOBS to all components.
    expect(await agent.invoke("names")).toEqual(["JOBS"]);
    for (const name of ["CACHE", "AGENTS", "LOADER", "PERDURE_LOCAL", "toString"]) {
      expect(await agent.invoke("absent", name)).toBe(name !== "toString");
    }
  });

  test("a grant by configuration is for the component that it names", async () => {
    await bound.CACHE.put("configured", "there");
    const agent = await granted("configured", TELL);
    expect(await agent.invoke("names")).toEqual(["CACHE", "JOBS"]);
    expect(await agent.invoke("get", "CACHE", "configured")).toBe("there");
    const asking = await granted("asking", TELL, ["FILES", "FILES"]);
    expect(await asking.invoke("names")).toEqual(["FILES", "JOBS"]);
  });

  test("a stub that is kept in a field is used under the grant of the invocation", async () => {
    const members = `cache = this.bindings.CACHE; async get(key) { return this.cache.get(key); }`;
    const agent = await granted("kept", members);
    const { body } = await agent.request("get", ["x"]);
    expect([body.code, body.detail]).toEqual([
      "binding-not-granted",
      expect.stringMatching(/CACHE.*perdure\.bindings.*PERDURE_BINDINGS/) as string,
    ]);
    expect(await callsOf(agent)).toEqual([]);
    expect((await upload("kept", members, ["CACHE"])).status).toBe(201);
    await agent.update("automatic", 2);
    expect(await agent.invoke("get", "nothing there")).toBeNull();
  });

  test("after a grant is gone replay still answers from the record; new calls find nothing", async () => {
    const members = `
      seen = [];
      async look(key) { this.seen.push(await this.bindings.CACHE?.get(key) ?? "nothing"); return this.seen; }`;
    await bound.CACHE.put("gone", "there");
    const agent = await granted("gone", members, ["CACHE"]);
    expect(await agent.invoke("look", "gone")).toEqual(["there"]);
    expect((await upload("gone", members)).status).toBe(201);
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(await agent.invoke("look", "gone")).toEqual(["there", "nothing"]);
    await reset();
    expect(await agent.invoke("look", "gone")).toEqual(["there", "nothing", "nothing"]);
    expect(await callsOf(agent)).toEqual([["binding.CACHE.get", "read-remote"]]);
  });

  test("an invocation that began under a grant which is gone is told so at its next call", async () => {
    const members = `
      async run(name) {
        const held = await this.bindings.BACKEND.hold(name);
        return [held, await this.bindings.BACKEND.double({ amount: 1 }).catch(({ code }) => code)];
      }`;
    const agent = await granted("revoked", members, ["BACKEND"]);
    const key = await agent.enqueue("run", "revoked");
    await until("the call is under way", async () => {
      return (await bound.BACKEND.calls()).find(([, name]) => name === "revoked");
    });
    await upload("revoked", members);
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    await bound.BACKEND.letGo("revoked");
    expect(await agent.outcome(key)).toMatchObject({ result: ["let go", "binding-not-granted"] });
  });
});

describe("a call that was under way in a crash", () => {
  async function held(name: string, members: string): Promise<[HostedAgent, key: string]> {
    const agent = await granted(name, members, ["BACKEND"]);
    const key = await agent.enqueue("run", name);
    await until("the call is under way", async () => {
      return (await bound.BACKEND.calls()).find(([, given]) => given === name);
    });
    return [agent, key];
  }

  const timesHeld = async (name: string): Promise<number> =>
    (await bound.BACKEND.calls()).filter(([, given]) => given === name).length;

  test("is performed again under the same Start", async () => {
    const [agent, key] = await held(
      "crashed",
      `async run(name) { return this.bindings.BACKEND.hold(name); }`,
    );
    const starts = startsOf(await agent.oplog());
    await reset();
    await until("it is performed again", async () => {
      void agent.fireAlarm();
      return (await timesHeld("crashed")) === 2 || undefined;
    });
    await bound.BACKEND.letGo("crashed");
    expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: "let go" });
    expect(startsOf(await agent.oplog())).toEqual(starts);
  });

  test("is not, inside withIdempotence(false): its outcome is unknown", async () => {
    const [agent, key] = await held(
      "once",
      `async run(name) {
        return withIdempotence(false, () => this.bindings.BACKEND.hold(name)).catch(({ code }) => code);
      }`,
    );
    await reset();
    void agent.fireAlarm();
    expect(await agent.outcome(key)).toMatchObject({ result: "outcome-unknown" });
    expect(await timesHeld("once")).toBe(1);
    await bound.BACKEND.letGo("once");
  });
});

describe("names that an upload may not ask for are 422 invalid-component", () => {
  test.each([
    ["one that the host does not have", "NOPE", /no such binding.*CACHE.*wrangler\.toml/],
    ["agents", "AGENTS", /Perdure's own.*take it out/],
    ["the loader", "LOADER", /Perdure's own/],
    ["a variable of Perdure's", "PERDURE_TOKEN", /Perdure's own/],
    ["a plain variable", "__VITEST_POOL_WORKERS_VITEST_MAJOR_VERSION", /no such binding/],
    ["Durable Objects under any name", "__VITEST_POOL_WORKERS_RUNNER_OBJECT", /no such binding/],
    ["what every object has", "constructor", /no such binding/],
  ])("%s", async (_, name, detail) => {
    const component = `refused-${name.toLowerCase().replaceAll("_", "-").replace(/^-+/, "")}`;
    const { status, body } = await upload(component, TELL, ["CACHE", name]);
    expect([status, body.code]).toEqual([422, "invalid-component"]);
    expect(body.detail).toMatch(detail);
    expect(body.detail).toContain(name);
    const found = await new HostedAgent(component, "x").request("names", []);
    expect(found.body.code).toBe("component-not-found");
  });
});
