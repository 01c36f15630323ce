import { describe, expect, test } from "vitest";
import { hasText, isOfKinds } from "../../../src/core/api/oplog-filter.ts";

const entry = {
  index: 7,
  at: "2026-01-01T00:00:00.000Z",
  kind: "Start",
  call: "fetch",
  request: { url: "https://Example.com/ä", body: 'say "Hi"\nthere', count: 42 },
};

describe("http-api: q looks for text in the entry as it is shown, in whatever case", () => {
  test.each([
    ["a value", "example.COM", true],
    ["beyond ASCII", "Ä", true],
    ["a number", "42", true],
    ["a member's name", "URL", true],
    ["the kind", "start", true],
    ["what JSON escapes", 'SAY "hi"\nthere', true],
    ["members as they stand in JSON", '"count":42', true],
    ["no text", "", true],
    ["what is not in it", "example.org", false],
    ["text across two members", "fetchrequest", false],
  ])("%s", (_, q, isFound) => {
    expect(hasText({ q }, entry)).toBe(isFound);
  });

  test("without q every entry is wanted", () => {
    expect(hasText({}, entry)).toBe(true);
  });
});

describe("http-api: kinds", () => {
  test("any of those given, all when none is given", () => {
    expect(isOfKinds({ kinds: ["Log", "Start"] }, "Start")).toBe(true);
    expect(isOfKinds({ kinds: ["Log"] }, "Start")).toBe(false);
    expect(isOfKinds({}, "Start")).toBe(true);
  });
});
