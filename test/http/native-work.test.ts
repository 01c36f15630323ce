/**
 * What settles outside of the record must not reorder what the code sees between live run and
 * replay: body readers, streams, compression and cryptography, beside durable calls.
 */
import { afterAll, describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { agentPath } from "./support/api.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api } = site;
const receiver = await openReceiver(async ({ path }, response) => {
  await delay(Number(new URL(path, "http://receiver").searchParams.get("ms") ?? 0));
  response.end(path);
});
afterAll(() => receiver.close());

const script = `
  import { Agent, sleep, step } from "perdure";
  import { chunks, WORK as native } from "./native.js";

  const later = async () => (await import("./" + (await "later") + ".js")).default;
  const WORK = { ...native, module: later };

  class Traced extends Agent {
    seen = [];
    state() { return this.seen; }
    note(name, value) { this.seen.push([name, value, Date.now()]); return value; }
  }

  export class Worker extends Traced {
    async race(name, url, ms) {
      const note = (of) => (value) => { this.note(of, value); return of; };
      const first = await Promise.race([
        WORK[name]().then(note(name)),
        sleep(ms).then(note("sleep")),
        fetch(url + "?ms=" + ms).then((response) => response.text()).then(note("fetch")),
        step("step", async () => 1).then(note("step")),
      ]);
      this.note("first", first);
      await sleep(1);
      return this.seen.map(([name]) => name);
    }
    async all(names, url) {
      await Promise.all([
        ...names.map((name) => WORK[name]().then((value) => this.note(name, value))),
        ...[0, 1, 2, 5].map((ms) => sleep(ms).then(() => this.note("slept " + ms))),
        ...[0, 3].map((ms) => fetch(url + "?ms=" + ms).then(() => this.note("fetched " + ms))),
      ]);
      for (const name of names) {
        this.note("again " + name, await WORK[name]());
        await sleep(0);
      }
    }
    /** Its work is under way when the method ends. */
    leave(name) { void WORK[name]().then((value) => this.note(name, value)); }
    after() { this.note("after"); }
    /** The stream goes on only when a recorded call ends: waiting for it first would last for ever. */
    async fed(url) {
      const fed = chunks(3, async (at) => {
        await sleep(2);
        return new TextEncoder().encode(await (await fetch(url + "?at=" + at)).text());
      });
      const text = await new Response(fed.pipeThrough(new IdentityTransformStream())).text();
      return this.note("fed", text);
    }
    async upload(url) {
      const body = chunks(4, async (at) => new TextEncoder().encode("part " + at));
      await Promise.all([
        fetch(url + "/stream", { method: "POST", body, duplex: "half" }).then(() => this.note("stream")),
        fetch(new Request(url + "/request", { method: "POST", body: "request" })).then(() => this.note("request")),
        fetch(url + "/blob", { method: "POST", body: new Blob(["blob"]) }).then(() => this.note("blob")),
        fetch(url + "/text", { method: "POST", body: "text" }).then(() => this.note("text")),
        sleep(1).then(() => this.note("sleep")),
      ]);
    }
  }

  export class Keys extends Traced {
    async sign(name) {
      const algorithm = { ECDSA: { name, namedCurve: "P-256", hash: "SHA-256" }, "RSA-PSS": { name, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256", saltLength: 32 } }[name];
      const pair = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
      const text = new TextEncoder().encode("signed");
      const signature = await crypto.subtle.sign(algorithm, pair.privateKey, text);
      const isTrue = await crypto.subtle.verify(algorithm, pair.publicKey, signature, text);
      this.note(name, [new Uint8Array(signature).toHex(), isTrue, pair.privateKey.extractable, pair.publicKey.usages]);
    }
    async seal() {
      const algorithm = { name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
      const pair = await crypto.subtle.generateKey(algorithm, true, ["encrypt", "decrypt"]);
      const sealed = await crypto.subtle.encrypt(algorithm, pair.publicKey, new TextEncoder().encode("secret"));
      const opened = await crypto.subtle.decrypt(algorithm, pair.privateKey, sealed);
      this.note("sealed", [new Uint8Array(sealed).toHex(), new TextDecoder().decode(opened)]);
    }
    async secret() {
      const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode("secret"));
      this.note("secret", [new Uint8Array(sealed).toHex(), new Uint8Array(await crypto.subtle.exportKey("raw", key)).toHex()]);
    }
    async early() { try { await loaded; } catch (error) { return error.message; } }
  }
  const loaded = crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  loaded.catch(() => {});`;

const component = "native";
await api.send("POST", `/v1/components/${component}/revisions`, {
  json: {
    main: "index.js",
    modules: {
      "index.js": script,
      "later.js": "export default 'imported';",
      "native.js": readFileSync("test/support/programs/native.js", "utf8"),
    },
  },
});

async function entered(agent: string, calls: readonly (readonly [string, ...unknown[]])[]) {
  for (const [method, ...args] of calls) await api.result(agent, method, ...args);
}

const WORK =
  "text json form blob digest derive sign packed chunks through reader tee clone writer rewriter module".split(
    " ",
  );
const DELAYS = [0, 1, 2, 4];

describe("native asynchrony keeps its place beside recorded calls", () => {
  const agents = new Map<string, string>([
    ...WORK.map((name) => [name, agentPath(component, "Worker", name)] as const),
    ["together", agentPath(component, "Worker", "together")],
    ["fed", agentPath(component, "Worker", "fed")],
    ["upload", agentPath(component, "Worker", "upload")],
    ["left", agentPath(component, "Worker", "left")],
    ["keys", agentPath(component, "Keys", "keys")],
  ]);
  const of = (name: string): string => agents.get(name) ?? "";
  const before = new Map<string, unknown>();

  test("work of the platform beside durable calls runs", async () => {
    const { url } = receiver;
    for (const name of WORK) {
      await entered(
        of(name),
        DELAYS.map((ms) => ["race", name, url, ms]),
      );
    }
    await entered(of("together"), [
      ["all", WORK, url],
      ["all", WORK.toReversed(), url],
    ]);
    await entered(of("fed"), [["fed", url]]);
    await entered(of("upload"), [["upload", url]]);
    await entered(
      of("left"),
      WORK.flatMap((name) => [["leave", name] as const, ["after"] as const]),
    );
    await entered(of("keys"), [["sign", "ECDSA"], ["sign", "RSA-PSS"], ["seal"], ["secret"]]);
    for (const [name, agent] of agents) before.set(name, await api.result(agent, "state"));
    expect((before.get("fed") as unknown[][])[0]?.slice(0, 2)).toEqual([
      "fed",
      "/?at=0/?at=1/?at=2",
    ]);
  });

  test("work in memory is seen before any completion that comes later", () => {
    for (const name of WORK) {
      const names = (before.get(name) as string[][]).map(([seen]) => seen);
      expect([name, names[0]]).toEqual([name, name]);
    }
  });

  test("work that is under way when a method ends is seen before the next invocation", () => {
    const names = (before.get("left") as string[][]).map(([seen]) => seen);
    expect(names).toEqual(WORK.flatMap((name) => [name, "after"]));
  });

  test("what is random in cryptography is recorded, and works", () => {
    const kept = new Map(
      (before.get("keys") as [string, unknown[]][]).map(([name, value]) => [name, value]),
    );
    expect(kept.get("ECDSA")).toEqual([expect.any(String), true, false, ["verify"]]);
    expect(kept.get("RSA-PSS")).toEqual([expect.any(String), true, false, ["verify"]]);
    expect(kept.get("sealed")?.[1]).toBe("secret");
  });

  test("keys are not made while a module loads", async () => {
    expect(await api.result(of("keys"), "early")).toMatch(/not available while a module loads/);
  });

  test("after kill -9 replay sees everything in the same order, with the same values", async () => {
    await site.crash();
    for (const [name, agent] of agents) {
      expect([name, await api.result(agent, "state")]).toEqual([name, before.get(name)]);
      expect((await api.agent(agent)).lastError).toBeUndefined();
    }
  });
});
