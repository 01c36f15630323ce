import { describe, expect, test } from "vitest";
import { InOrder } from "../../src/transport/in-order.ts";
import { isStreamed, pack, reach, unpack } from "../../src/transport/packing.ts";

const heavy = { text: "\u{1f600}\ud800".repeat(3_000_000), list: [1, null, { a: -0.5 }] };

describe("what crosses between isolates", () => {
  test("is streamed when it is heavy, and is the same afterwards", async () => {
    const packed = pack(heavy);
    expect(isStreamed(packed)).toBe(true);
    expect(await unpack(packed)).toEqual(heavy);
  });

  test("crosses as it is when it is light", async () => {
    const light = { text: "a", absent: undefined };
    expect(pack(light)).toBe(light);
    expect(await unpack(light)).toBe(light);
  });

  test("an object is reached with its arguments and answers packed", async () => {
    const stub = {
      echo: async (value: unknown, times: number) => pack([await unpack(value), times]),
    };
    expect(await reach<typeof stub>(stub).echo(heavy, 2)).toEqual([heavy, 2]);
  });
});

describe("messages in order", () => {
  test("one that is streamed is taken before those that came after it, whose answers wait for nothing", async () => {
    const inOrder = new InOrder();
    const taken: unknown[] = [];
    const take = (name: string, answer: Promise<string>) => async (value: unknown) => {
      taken.push([name, value]);
      return answer;
    };
    const never = new Promise<string>(() => {});
    const first = inOrder.take([1], take("first", never));
    const streamed = inOrder.take([pack(heavy)], take("streamed", never));
    const last = inOrder.take([3], take("last", Promise.resolve("answer")));
    expect(taken).toEqual([["first", 1]]);
    expect(await last).toBe("answer");
    expect(taken).toEqual([
      ["first", 1],
      ["streamed", heavy],
      ["last", 3],
    ]);
    void Promise.all([first, streamed]);
    await inOrder.take([4], take("after", Promise.resolve("at once")));
    expect(taken.at(-1)).toEqual(["after", 4]);
  });

  test("one whose stream breaks off is refused; those after it are taken", async () => {
    const inOrder = new InOrder();
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("broken off")),
    });
    const refused = inOrder.take<[unknown], string>([broken], async () => "taken");
    const next = inOrder.take([1], async (value) => value);
    await expect(refused).rejects.toThrow("broken off");
    expect(await next).toBe(1);
  });
});
