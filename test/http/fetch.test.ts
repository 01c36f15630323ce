/** `fetch` as in browsers and on the edge: what agents can send, what they get, and the same in replay. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { InvocationView, JsonValue } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { fetchAgents } from "./support/fetch-agents.ts";
import { openReceiver, type Respond } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

const respond: Respond = async ({ path, method, headers, bytes }, response) => {
  const [, kind = "", rest = ""] = path.split("/");
  switch (kind) {
    case "redirect":
      response.writeHead(Number(rest), { location: "/echo/redirected" }).end();
      return;
    case "loop":
      response.writeHead(302, { location: path }).end();
      return;
    case "status":
      response.writeHead(Number(rest), { "x-kept": "yes" }).end();
      return;
    case "gzip":
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("unzipped"));
      return;
    case "cookies":
      response.writeHead(200, [
        "set-cookie",
        "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
        "set-cookie",
        "b=2",
        "x-twice",
        "1",
        "x-twice",
        "2",
      ]);
      response.end("");
      return;
    case "form":
      response.writeHead(200, { "content-type": "application/x-www-form-urlencoded" });
      response.end("a=1&b=two");
      return;
    case "silent":
      return;
    case "closed":
      await until(
        () => receiver.closed,
        (paths) => paths.includes("/silent/step"),
      );
      response.end("closed");
      return;
    case "hold":
      if (sentTo(path).length > 1) response.end("let go");
      return;
    default: {
      const digest = createHash("sha256").update(bytes).digest("hex");
      const type = headers["content-type"] ?? null;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ method, type, length: bytes.length, digest }));
    }
  }
};
const receiver = await openReceiver(respond);
afterAll(() => receiver.close());

/** Answers without reading what is sent. */
const deaf = createServer((_, response) => response.end("heard nothing"));
deaf.listen(0, "127.0.0.1");
await once(deaf, "listening");
afterAll(() => {
  deaf.closeAllConnections();
  deaf.close();
});

const { component } = await place("Fetcher", fetchAgents);

/** A new one for each method, so that none suffers from another. */
let agent = "";
let agents = 0;

/** What the method gives, which must be the same when it is replayed. */
async function seen(method: string, ...args: unknown[]): Promise<JsonValue | undefined> {
  agent = agentPath(component, "Fetcher", String(++agents));
  const sent = receiver.received.length;
  const result = await api.result(agent, method, receiver.url, ...args);
  const sentLive = receiver.received.length - sent;
  await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
  expect(await api.result(agent, "last")).toEqual(result);
  expect(receiver.received.length - sent).toBe(sentLive);
  return result;
}

const sentTo = (path: string) => receiver.received.filter((request) => request.path === path);
const digest = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("bodies", () => {
  test("each kind arrives whole, with its Content-Type", async () => {
    const bytes = Uint8Array.from([0, 255, 128, 13, 10]);
    expect(await seen("kinds")).toEqual({
      text: {
        method: "POST",
        type: "text/plain;charset=UTF-8",
        length: 6,
        digest: digest("grün?"),
      },
      search: {
        method: "POST",
        type: "application/x-www-form-urlencoded;charset=UTF-8",
        length: 12,
        digest: digest("a=1&b=%C3%A9"),
      },
      buffer: { method: "PUT", type: null, length: 5, digest: digest(bytes) },
      view: { method: "PATCH", type: null, length: 2, digest: digest(bytes.slice(1, 3)) },
      blob: { method: "POST", type: "text/x-blob", length: 5, digest: digest(bytes) },
      stream: { method: "POST", type: null, length: 7, digest: digest("one two") },
      request: { method: "POST", type: "text/x-own", length: 4, digest: digest("mine") },
      overridden: { method: "PUT", type: "text/x-own", length: 5, digest: digest("other") },
    });
  });

  test("a form arrives as multipart, with the same boundary in replay", async () => {
    const result = (await seen("form")) as { type: string };
    expect(result.type).toMatch(/^multipart\/form-data; boundary=[0-9a-f]{32}$/);
    const [form] = sentTo("/echo/form");
    const parsed = await new Response(form?.body ?? "", {
      headers: { "content-type": result.type },
    }).formData();
    expect([...parsed.keys()]).toEqual(["a", "file"]);
    expect(await (parsed.get("file") as File).text()).toBe("inside");
  });

  test("a request with a body that is a read is refused as by the platform, and nothing is recorded", async () => {
    expect(await seen("bodyOnGet")).toEqual(["TypeError", 0]);
  });

  test("of an answer can be read as text, JSON, bytes, blob, form and stream, each once, and cloned", async () => {
    expect(await seen("readers")).toEqual({
      text: "a=1&b=two",
      form: [
        ["a", "1"],
        ["b", "two"],
      ],
      blob: ["application/x-www-form-urlencoded", 9],
      bytes: 9,
      stream: "a=1&b=two",
      clone: ["a=1&b=two", "a=1&b=two", true],
      twice: "TypeError",
      cloneUsed: "TypeError",
      used: [false, true],
    });
  });

  test("204, 304 and HEAD have none; their headers are there", async () => {
    expect(await seen("bodiless")).toEqual([
      [204, true, "", "yes"],
      [304, true, "", "yes"],
      [200, true, "", null],
    ]);
  });

  test("gzip is taken off; headers are as sent", async () => {
    expect(await seen("plain", "/gzip")).toMatchObject({ text: "unzipped", encoding: "gzip" });
  });

  test("that the server does not read do not keep its answer back", async () => {
    const { port } = deaf.address() as AddressInfo;
    expect(await seen("large", `http://127.0.0.1:${port}`)).toBe("heard nothing");
  });

  test("an answer that nobody reads hurts nobody", async () => {
    expect(await seen("unread", 20)).toBe(20);
  });
});

test("repeated headers and cookies survive both ways", async () => {
  expect(await seen("cookies")).toEqual({
    cookies: ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
    twice: "1, 2",
  });
  expect(sentTo("/cookies/now")[0]?.headers).toMatchObject({
    cookie: "c=3; d=4",
    "x-many": "1, 2",
  });
});

describe("redirects", () => {
  test.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "PUT", "GET"],
    [307, "POST", "POST"],
    [308, "PUT", "PUT"],
  ])("%i of a %s is followed with %s", async (status, method, then) => {
    const result = await seen("follow", `/redirect/${status}`, method);
    const length = then === "GET" ? 0 : 4;
    expect(result).toMatchObject({
      redirected: true,
      url: `${receiver.url}/echo/redirected`,
      body: { method: then, length },
    });
  });

  test("manual gives the redirect itself, error rejects, at fetch and in a Request, and none is repeated", async () => {
    expect(await seen("strict", "/redirect/302")).toEqual({
      manual: [302, "/echo/redirected", false],
      error: "TypeError",
      request: ["error", "TypeError"],
      clone: ["error", "TypeError"],
    });
    expect(sentTo("/redirect/302").length).toBeGreaterThan(0);
  });

  test("a loop rejects with a TypeError and is not tried again", async () => {
    expect(await seen("loop")).toBe("TypeError");
    expect(sentTo("/loop/1")).toHaveLength(21);
  });
});

describe("AbortSignal", () => {
  test("already aborted: rejects with its reason, and nothing is sent or recorded", async () => {
    expect(await seen("abortedBefore")).toEqual(["why", "why", "AbortError"]);
    expect(sentTo("/echo/aborted")).toEqual([]);
  });

  test("aborted while it is open: rejects in the same turn, is Cancelled, and the connection is closed", async () => {
    const closed = receiver.closed.length;
    expect(await seen("abortOpen", "/silent/abort")).toEqual(["why", true]);
    await until(
      () => receiver.closed.length,
      (count) => count > closed,
    );
    expect(receiver.closed).toContain("/silent/abort");
    const entries = await api.oplog(agent);
    const start = entries.findLast(({ kind, call }) => kind === "Start" && call === "fetch");
    expect(entries.filter(({ start: of }) => of === start?.index)).toMatchObject([
      { kind: "Cancelled" },
    ]);
  });

  test("killed after it: it stays aborted, and is not sent again", async () => {
    agent = agentPath(component, "Fetcher", "killed");
    const args = [receiver.url, "/silent/killed", "/hold/killed"];
    await api.invoke(agent, "abortThenHold", { args, key: "killed", query: "?mode=enqueue" });
    await until(
      () => sentTo("/hold/killed").length,
      (count) => count === 1,
    );
    await site.crash();
    const ended = await api.get<InvocationView>(`${agent}/invocations/killed?wait=30`);
    expect(ended.body).toMatchObject({ status: "completed", result: ["why", "let go"] });
    expect(sentTo("/silent/killed")).toHaveLength(1);
  });

  test("inside a step it is closed as well", async () => {
    expect(await seen("abortInStep", "/silent/step", "/closed")).toEqual(["why", "closed"]);
  });

  test("a Request's own signal counts, and aborting after the answer changes nothing", async () => {
    expect(await seen("abortRequest", "/silent/request")).toBe("AbortError");
    expect(await seen("abortAfter")).toBe("POST");
  });

  test("aborted while its body is still being read: rejects, and nothing is sent", async () => {
    expect(await seen("abortBody")).toBe("why");
    expect(sentTo("/echo/body")).toEqual([]);
  });
});
