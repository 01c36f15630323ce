import { describe, expect, test } from "vitest";
import { pathReader } from "../../../src/http/routing/parameters.ts";
import { rawPath, rawQuery } from "../../../src/http/routing/path.ts";
import { problemOf, startApp } from "./fake-ports.ts";

async function addressSeen(path: string): Promise<unknown> {
  const { send, calls } = startApp();
  const response = await send("PUT", path);
  expect(response.status).toBe(201);
  return calls[0]?.[1];
}

describe("agent addresses", () => {
  test.each([
    ["plain", "k", "k"],
    ["an encoded slash", "a%2Fb%2f", "a/b/"],
    ["an encoded percent sign", "100%25", "100%"],
    ["what looks encoded twice is decoded once", "%252F", "%2F"],
    ["unicode, encoded", "%C3%BC%E2%82%AC%F0%9F%98%80", "ü€😀"],
    ["unicode, as typed", "ü€😀", "ü€😀"],
    ["a space and a plus", "a%20b+c", "a b+c"],
    ["a question mark and a hash", "a%3Fb%23c", "a?b#c"],
    ["a colon, an at sign, an asterisk", "a:b@c*", "a:b@c*"],
    ["dots that are not a dot segment", "...", "..."],
    ["512 bytes", "a".repeat(512), "a".repeat(512)],
    ["512 bytes of unicode", "%F0%9F%98%80".repeat(128), "😀".repeat(128)],
  ])("a key is any Unicode string, decoded exactly once: %s", async (_, segment, key) => {
    expect(await addressSeen(`/v1/agents/shop/Cart/${segment}`)).toEqual({
      component: "shop",
      type: "Cart",
      key,
    });
  });

  test.each([
    ["component begins with a digit", "1shop", "Cart", "k", "component"],
    ["component has an upper-case letter", "Shop", "Cart", "k", "component"],
    ["component has an underscore", "sh_op", "Cart", "k", "component"],
    ["component of 64 characters", "a".repeat(64), "Cart", "k", "component"],
    ["type begins with a digit", "shop", "1Cart", "k", "type"],
    ["type has a dash", "shop", "Ca-rt", "k", "type"],
    ["type of 129 characters", "shop", "C".repeat(129), "k", "type"],
    ["malformed percent-encoding", "shop", "Cart", "%", "key"],
    ["percent-encoding that is not UTF-8", "shop", "Cart", "%FF", "key"],
    ["encoded surrogate", "shop", "Cart", "%ED%A0%80", "key"],
    ["malformed in the type", "shop", "%zz", "k", "type"],
    ["key of 513 bytes", "shop", "Cart", "a".repeat(513), "key"],
    ["key of 512 characters and more bytes", "shop", "Cart", "%C3%BC".repeat(512), "key"],
  ])("an address that does not fit is 400 invalid-request: %s", async (_, c, t, k, part) => {
    const { send, calls } = startApp();
    for (const [verb, rest] of [
      ["GET", ""],
      ["PUT", ""],
      ["DELETE", ""],
      ["POST", "/invoke/add"],
      ["GET", "/invocations/key-1"],
      ["GET", "/updates"],
      ["GET", "/oplog"],
    ] as const) {
      const response = await send(verb, `/v1/agents/${c}/${t}/${k}${rest}`);
      expect(response.status).toBe(400);
      const problem = await problemOf(response);
      expect(problem.code).toBe("invalid-request");
      expect(problem.issues?.[0]?.path).toEqual(["path", part]);
    }
    expect(calls).toEqual([]);
  });

  test.each([["."], [".."], ["%2e"], ["%2E%2e"], [""]])(
    "the keys `.` and `..` are refused: %j",
    (segment) => {
      expect(
        pathReader("/v1/agents/{component}/{type}/{key}")(`/v1/agents/shop/Cart/${segment}`),
      ).toMatchObject({
        ok: false,
        refusal: { code: "invalid-request" },
      });
    },
  );

  test.each([
    ["/v1/agents/shop/Cart/."],
    ["/v1/agents/shop/Cart/.."],
    ["/v1/agents/shop/Cart/%2e%2e"],
    ["/v1/agents/shop/Cart/"],
    ["/v1/agents/shop//k"],
    ["/v1/agents/shop/Cart//invoke/add"],
  ])("also after a URL parser has swallowed them: %s", async (path) => {
    const { send, calls } = startApp();
    const response = await send("PUT", path);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-request");
    expect(calls).toEqual([]);
  });

  test.each([
    ["http://host/a%2Fb?q=%20#f", "/a%2Fb", "q=%20"],
    ["http://host", "/", ""],
    ["http://host/?", "/", ""],
    ["http://host/a/../b#?x", "/a/../b", ""],
  ])("the path is taken as it was sent: %s", (url, path, query) => {
    expect(rawPath({ url } as Request)).toBe(path);
    expect(rawQuery({ url } as Request)).toBe(query);
  });
});
