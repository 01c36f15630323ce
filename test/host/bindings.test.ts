/**
 * Bindings that a component was granted are durable proxies: each call is performed once and
 * recorded, and gives the same again in replay, whatever has become of what it called.
 */
import { describe, expect, test } from "vitest";
import { bound, callsOf, granted } from "./support/bindings.ts";
import { type HostedAgent, reset } from "./support/host.ts";

/** Takes the agent out of memory in both ways; what it shows comes from the record alone then. */
async function expectTheSameFromTheRecord(agent: HostedAgent): Promise<void> {
  const before = { state: await agent.invoke("state"), calls: await callsOf(agent) };
  await agent.evict();
  expect(await agent.invoke("state")).toEqual(before.state);
  await reset();
  expect(await agent.invoke("state")).toEqual(before.state);
  expect(await callsOf(agent)).toEqual(before.calls);
}

const STATE = "seen = []; state() { return this.seen; }";

describe("each kind gives what it gave live, and nothing is repeated", () => {
  test("KV: texts, JSON, bytes, streams, metadata and lists", async () => {
    const agent = await granted(
      "kv",
      `${STATE} async run() {
        const { CACHE } = this.bindings;
        const bytes = new Uint8Array([0, 255]);
        await CACHE.put("kv/text", "one", { metadata: { mark: 1 } });
        await CACHE.put("kv/bytes", bytes.buffer);
        await CACHE.put("kv/stream", new Response("flowing").body);
        await CACHE.put("kv/json", JSON.stringify({ a: [1] }));
        const stream = await CACHE.get("kv/stream", "stream");
        this.seen.push(
          await CACHE.get("kv/text"),
          await CACHE.get("kv/none"),
          await CACHE.get("kv/json", { type: "json" }),
          [...new Uint8Array(await CACHE.get("kv/bytes", "arrayBuffer"))],
          stream instanceof ReadableStream,
          await new Response(stream).text(),
          await CACHE.getWithMetadata("kv/text"),
          await new Response((await CACHE.getWithMetadata("kv/text", "stream")).value).text(),
          [...await CACHE.get(["kv/text", "kv/none"])],
          (await CACHE.list({ prefix: "kv/" })).keys.map(({ name }) => name),
          (await CACHE.delete("kv/json")) ?? "nothing",
        );
      }`,
      ["CACHE"],
    );
    await agent.invoke("run");
    const read = "read-remote";
    const write = "write-remote";
    expect(await agent.invoke("state")).toEqual([
      "one",
      null,
      { a: [1] },
      [0, 255],
      true,
      "flowing",
      { value: "one", metadata: { mark: 1 }, cacheStatus: null },
      "one",
      [
        ["kv/text", "one"],
        ["kv/none", null],
      ],
      ["kv/bytes", "kv/json", "kv/stream", "kv/text"],
      "nothing",
    ]);
    expect(await callsOf(agent)).toEqual([
      ...Array.from({ length: 4 }, () => ["binding.CACHE.put", write]),
      ...Array.from({ length: 5 }, () => ["binding.CACHE.get", read]),
      ...Array.from({ length: 2 }, () => ["binding.CACHE.getWithMetadata", read]),
      ["binding.CACHE.get", read],
      ["binding.CACHE.list", read],
      ["binding.CACHE.delete", write],
    ]);
    await bound.CACHE.put("kv/text", "changed behind the agent");
    await expectTheSameFromTheRecord(agent);
    expect(await bound.CACHE.get("kv/text")).toBe("changed behind the agent");
  });

  test("R2: objects with what they carry, their bodies, lists and uploads in parts", async () => {
    const agent = await granted(
      "r2",
      `${STATE} async run() {
        const { FILES } = this.bindings;
        const put = await FILES.put("r2/a", '{"a":1}', {
          httpMetadata: new Headers({ "content-type": "application/json" }),
          customMetadata: { mark: "yes" },
        });
        await FILES.put("r2/bytes", new Blob([new Uint8Array([0, 255, 1])]));
        const head = await FILES.head("r2/a");
        const whole = await FILES.get("r2/a");
        const headers = new Headers();
        whole.writeHttpMetadata(headers);
        const part = await FILES.get("r2/bytes", { range: { offset: 1, length: 2 } });
        const bytes = [...new Uint8Array(await part.arrayBuffer())];
        const streamed = await new Response((await FILES.get("r2/a")).body).text();
        const { objects, truncated } = await FILES.list({ prefix: "r2/" });
        const upload = await FILES.createMultipartUpload("r2/parts");
        const sent = await FILES.resumeMultipartUpload(upload.key, upload.uploadId).uploadPart(1, "part");
        const made = await upload.complete([sent]);
        this.kept = whole;
        this.seen.push(
          [put.key, put.size, put.etag === head.etag, typeof put.text],
          [head.uploaded instanceof Date, head.customMetadata, JSON.parse(JSON.stringify(head.checksums)).md5.length],
          [await whole.json(), whole.bodyUsed, await whole.text().catch(({ name }) => name)],
          [...headers], bytes, part.range, streamed,
          [objects.map(({ key }) => key), truncated, objects[0].size],
          [made.key, made.size],
          await FILES.get("r2/none"),
          (await FILES.delete(["r2/a", "r2/bytes"])) ?? "nothing",
        );
      }
      readKept() { return this.kept.text(); }`,
      ["FILES"],
    );
    await agent.invoke("run");
    expect(await agent.invoke("state")).toEqual([
      ["r2/a", 7, true, "undefined"],
      [true, { mark: "yes" }, 32],
      [{ a: 1 }, true, "TypeError"],
      [["content-type", "application/json"]],
      [255, 1],
      { offset: 1, length: 2 },
      '{"a":1}',
      [["r2/a", "r2/bytes"], false, 7],
      ["r2/parts", 4],
      null,
      "nothing",
    ]);
    expect(await callsOf(agent)).toEqual(
      [
        ["put", "write"],
        ["put", "write"],
        ["head", "read"],
        ["get", "read"],
        ["get", "read"],
        ["get", "read"],
        ["list", "read"],
        ["createMultipartUpload", "write"],
        ["uploadPart", "write"],
        ["completeMultipartUpload", "write"],
        ["get", "read"],
        ["delete", "write"],
      ].map(([method, what]) => [`binding.FILES.${method}`, `${what}-remote`]),
    );
    await expectTheSameFromTheRecord(agent);
    expect(await bound.FILES.head("r2/a")).toBeNull();
  });

  test("an object of R2 is kept in a snapshot with its body", async () => {
    const agent = await granted(
      "r2-kept",
      `static snapshots = { everyInvocations: 1 };
      async run() {
        await this.bindings.FILES.put("r2-kept", "content");
        this.kept = await this.bindings.FILES.get("r2-kept");
      }
      read() { return this.kept.text(); }`,
      ["FILES"],
    );
    await agent.invoke("run");
    await agent.reaches("idle");
    await agent.evict();
    await bound.FILES.delete("r2-kept");
    expect(await agent.invoke("read")).toBe("content");
    expect(await agent.kinds()).toContain("Snapshot");
  });

  test("D1: a chain is one call, with its statement and its parameters", async () => {
    const agent = await granted(
      "d1",
      `${STATE} async run() {
        const { DB } = this.bindings;
        await DB.exec("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)");
        const insert = DB.prepare("INSERT INTO words (word) VALUES (?)");
        const { meta } = await insert.bind("one").run();
        const written = await DB.batch([insert.bind("two"), insert.bind("three")]);
        const select = DB.prepare("SELECT word FROM words WHERE id > ? ORDER BY id").bind(1);
        this.seen.push(
          meta.changes,
          written.map(({ success }) => success),
          (await select.all()).results,
          await select.first(),
          await select.first("word"),
          await select.raw(),
          await select.raw({ columnNames: true }),
          await DB.prepare("INSERT INTO words (word) VALUES ('four') RETURNING id").first("id"),
          await DB.prepare("SELECT nothing").all().catch(({ name, message }) => [name, message]),
        );
      }`,
      ["DB"],
    );
    await agent.invoke("run");
    const rows = [{ word: "two" }, { word: "three" }];
    expect(await agent.invoke("state")).toEqual([
      1,
      [true, true],
      rows,
      rows[0],
      "two",
      [["two"], ["three"]],
      [["word"], ["two"], ["three"]],
      4,
      ["Error", expect.stringMatching(/^D1_ERROR.*nothing/) as string],
    ]);
    const entries = await agent.oplog();
    expect(entries.find(({ call }) => call === "binding.DB.all")).toMatchObject({
      durability: "read-remote",
      request: { sql: "SELECT word FROM words WHERE id > ? ORDER BY id", params: [1] },
    });
    expect(await callsOf(agent)).toEqual(
      [
        ["exec", "write"],
        ["run", "write"],
        ["batch", "write"],
        ["all", "read"],
        ["first", "read"],
        ["first", "read"],
        ["raw", "read"],
        ["raw", "read"],
        ["first", "write"],
        ["all", "read"],
      ].map(([method, what]) => [`binding.DB.${method}`, `${what}-remote`]),
    );
    await expectTheSameFromTheRecord(agent);
    expect(await bound.DB.prepare("SELECT count(*) FROM words").first("count(*)")).toBe(4);
  });

  test("services: RPC with rich values, errors with name and message, fetch whole", async () => {
    const agent = await granted(
      "service",
      `${STATE} async run() {
        const { BACKEND } = this.bindings;
        const { doubled, on, kept } = await BACKEND.double({ amount: 2, on: new Date(5) });
        const failed = await BACKEND.fail("refused").catch((error) => [error.name, error.message, error instanceof RangeError]);
        const response = await BACKEND.fetch("https://backend/orders", { method: "POST", body: "tea" });
        const read = await BACKEND.fetch(new Request("https://backend/menu"));
        this.seen.push(
          [doubled, on.getTime(), kept.get("a") === 1n],
          failed,
          [response.status, response.headers.get("x-mark"), response instanceof Response, await response.text(), response.bodyUsed],
          await read.text(),
          await BACKEND.handle().catch(({ code, message }) => [code, message]),
        );
      }`,
      ["BACKEND"],
    );
    await agent.invoke("run");
    expect(await agent.invoke("state")).toEqual([
      [4, 5, true],
      ["RangeError", "refused", true],
      [201, "yes", true, "POST tea", true],
      "GET ",
      ["result-not-recordable", expect.stringContaining("binding.BACKEND.handle") as string],
    ]);
    expect(await callsOf(agent)).toEqual([
      ["binding.BACKEND.double", "write-remote"],
      ["binding.BACKEND.fail", "write-remote"],
      ["binding.BACKEND.fetch", "write-remote"],
      ["binding.BACKEND.fetch", "read-remote"],
      ["binding.BACKEND.handle", "write-remote"],
    ]);
    const received = await bound.BACKEND.calls();
    const [, , key] = received.find(([what]) => what === "POST /orders") ?? [];
    expect(key).toMatch(/^[\x21-\x7e]{8,256}$/);
    expect(received.find(([what]) => what === "GET /menu")).toEqual(["GET /menu", "", null]);
    await expectTheSameFromTheRecord(agent);
    expect(await bound.BACKEND.calls()).toEqual(received);
  });

  test("services: a form is the same request in replay", async () => {
    const agent = await granted(
      "form",
      `${STATE} async run() {
        const body = new FormData();
        body.set("word", "tea");
        const response = await this.bindings.BACKEND.fetch("https://backend/form", { method: "POST", body });
        this.seen.push(await response.text());
      }`,
      ["BACKEND"],
    );
    await agent.invoke("run");
    const [text] = (await agent.invoke("state")) as [string];
    const [, boundary = ""] = /^POST --([0-9a-f]{32})\r\n/.exec(text) ?? [];
    const form = await new Response(text.slice("POST ".length), {
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    }).formData();
    expect(form.get("word")).toBe("tea");
    await expectTheSameFromTheRecord(agent);
  });

  test("queues: what is sent is a write", async () => {
    const agent = await granted(
      "queue",
      `${STATE} async run() {
        await this.bindings.JOBS.send({ job: "queue" });
        await this.bindings.JOBS.sendBatch([{ body: 1 }, { body: 2 }]);
      }`,
      ["JOBS"],
    );
    await agent.invoke("run");
    expect(await callsOf(agent)).toEqual([
      ["binding.JOBS.send", "write-remote"],
      ["binding.JOBS.sendBatch", "write-remote"],
    ]);
    await expectTheSameFromTheRecord(agent);
  });
});
