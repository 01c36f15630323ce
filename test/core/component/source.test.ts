import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ComponentSource } from "../../../src/core/api/operations.ts";
import { fromCanonicalForm, toCanonicalForm } from "../../../src/core/component/canonical-form.ts";
import { utf8Length } from "../../../src/core/utf8-length.ts";
import { validateSource } from "../../../src/core/component/validate-source.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";

const source = (modules: Record<string, string>, main = "index.js"): ComponentSource => ({
  main,
  modules,
  isolation: "agent",
});

describe("validation of a source", () => {
  test.each(["index.js", "lib/x.js", "a b.js", "ü/é.mjs", "...", "perdure.js", ".x"])(
    "a relative path is a module name: %s",
    (name) => {
      expect(validateSource(source({ [name]: "" }, name), limits).ok).toBe(true);
    },
  );

  test.each([
    "",
    "/index.js",
    "../x.js",
    "lib/../x.js",
    "./x.js",
    "lib//x.js",
    "lib/",
    "lib\\x.js",
    "perdure",
    "perdure:internal",
    "node:fs",
    "x.js?y",
    "x.js#y",
    "x\n.js",
    "\ud800.js",
    "a".repeat(257),
  ])("other module names are invalid-component: %j", (name) => {
    expect(validateSource(source({ "index.js": "", [name]: "" }), limits)).toMatchObject({
      ok: false,
      refusal: { code: "invalid-component" },
    });
  });

  test("bindings of Perdure's own are invalid-component", () => {
    const asking = (...bindings: string[]) => ({ ...source({ "index.js": "" }), bindings });
    expect(validateSource(asking("CACHE"), limits).ok).toBe(true);
    expect(validateSource(asking("CACHE", "AGENTS"), limits)).toMatchObject({
      ok: false,
      refusal: { code: "invalid-component" },
    });
  });

  test("code is measured in UTF-8 over all modules", () => {
    const half = "ü".repeat(limits.componentBytes / 4);
    expect(validateSource(source({ "index.js": half, "b.js": half }), limits).ok).toBe(true);
    expect(validateSource(source({ "index.js": half, "b.js": `${half}x` }), limits)).toMatchObject({
      ok: false,
      refusal: { code: "payload-too-large" },
    });
  });
});

describe("canonical form", () => {
  const sources = fc.record(
    {
      main: fc.string(),
      modules: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "binary" }), {
        noNullPrototype: true,
      }),
      isolation: fc.constantFrom("agent" as const, "shared" as const),
      bindings: fc.array(fc.string()),
    },
    { requiredKeys: ["main", "modules", "isolation"] },
  );

  test("gives the source back", () => {
    fc.assert(
      fc.property(sources, (given) => {
        expect(fromCanonicalForm(toCanonicalForm(given))).toEqual(given);
      }),
    );
  });

  test("does not depend on the order of the modules", () => {
    fc.assert(
      fc.property(sources, (given) => {
        const modules = Object.fromEntries(Object.entries(given.modules).reverse());
        expect(toCanonicalForm({ ...given, modules })).toBe(toCanonicalForm(given));
      }),
    );
  });

  test("is what it always was for code that asks for no bindings", () => {
    expect(toCanonicalForm(source({ "index.js": "1" }))).toBe(
      '{"main":"index.js","isolation":"agent","modules":[["index.js","1"]]}',
    );
  });

  test.each([
    ["the bindings", { ...source({ "index.js": "1", "b.js": "2" }), bindings: ["CACHE"] }],
    ["main", { ...source({ "index.js": "1", "b.js": "2" }), main: "b.js" }],
    ["a module's text", source({ "index.js": "1", "b.js": "3" })],
    ["a module's name", source({ "index.js": "1", "c.js": "2" })],
    [
      "the isolation",
      { ...source({ "index.js": "1", "b.js": "2" }), isolation: "shared" as const },
    ],
  ])("differs with %s", (_, other) => {
    const base = source({ "index.js": "1", "b.js": "2" });
    expect(toCanonicalForm(other)).not.toBe(toCanonicalForm(base));
  });
});

test("utf8Length counts what an encoder writes", () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), units), (given) => {
      const text = typeof given === "string" ? given : String.fromCharCode(...given);
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).byteLength);
    }),
  );
});
