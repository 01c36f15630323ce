/** The adapter of bindings over fakes: kinds that need no network here. */
import { describe, expect, test } from "vitest";
import { bindingKinds } from "../../src/host/binding-kinds.ts";
import { HostBindings } from "../../src/host/bindings.ts";

class Ai {
  readonly models = (): string[] => ["m"];
  run(model: string, inputs: unknown, { stream = false, raw = false } = {}): unknown {
    if (stream) return new Response(`data: ${model}`).body;
    return raw ? new Response("raw", { status: 202 }) : { response: inputs };
  }
}

const perform = (env: object, name: string, method: string, input: unknown[]) =>
  new HostBindings(env, new Map(), 1024 * 1024).perform({ name, method, input });

describe("AI", () => {
  test("gives data as it is, a stream and a raw response read whole", async () => {
    const env = { AI: new Ai() };
    expect(bindingKinds(env)).toEqual(new Map([["AI", "ai"]]));
    expect(await perform(env, "AI", "run", ["m", { prompt: "x" }])).toEqual({
      ok: true,
      response: "null",
      value: { form: "plain", value: { response: { prompt: "x" } } },
    });
    expect(await perform(env, "AI", "run", ["m", {}, { stream: true }])).toMatchObject({
      value: { form: "stream", body: { text: "data: m" } },
    });
    expect(await perform(env, "AI", "run", ["m", {}, { raw: true }])).toMatchObject({
      value: { form: "response", response: { status: 202, body: { text: "raw" } } },
    });
  });
});

describe("kinds that are not well known", () => {
  class Vectors {
    query(): unknown {
      return { matches: [new Date(0)] };
    }
    nothing(): undefined {}
    refuse(): never {
      throw new RangeError("not today");
    }
    endless(): ReadableStream {
      return new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1024 * 1024)) });
    }
  }
  const env = { VECTORS: new Vectors() };

  test("are called as they are, and their errors pass", async () => {
    expect(bindingKinds(env)).toEqual(new Map([["VECTORS", "other"]]));
    expect(await perform(env, "VECTORS", "query", [])).toMatchObject({
      value: { form: "plain", value: { matches: [new Date(0)] } },
    });
    expect(await perform(env, "VECTORS", "nothing", [])).toMatchObject({
      ok: true,
      value: { form: "plain", value: undefined },
    });
    expect(await perform(env, "VECTORS", "refuse", [])).toEqual({
      ok: false,
      error: { name: "RangeError", message: "not today" },
    });
  });

  test("a stream without an end is stopped at the limit", async () => {
    expect(await perform(env, "VECTORS", "endless", [])).toMatchObject({
      ok: false,
      error: { code: "payload-too-large" },
    });
  });

  test.each(["none", "constructor", "__defineGetter__", "valueOf"])(
    "a method that is not there is an error that names it: %s",
    async (method) => {
      expect(await perform(env, "VECTORS", method, [])).toEqual({
        ok: false,
        error: { name: "TypeError", message: `The binding has no method ${method}.` },
      });
    },
  );
});
