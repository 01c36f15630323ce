import { expect, test } from "vitest";
import { World } from "./support/world.ts";
import { Agent } from "../../src/guest/agent.ts";
import { sleep } from "../../src/guest/sleep.ts";
import { durableFetch } from "../../src/guest/fetch.ts";
import { entriesOn } from "./support/disk.ts";

class Counter extends Agent {
  n = 0;
  async add(by: number) {
    this.n += by;
    await sleep(30_000);
    const r = await durableFetch("http://upstream/hello?ms=20&broken=1", { method: "POST", body: "x" });
    return `${this.n} ${await r.text()}`;
  }
}
test("x", async () => {
  const world = new World({ seed: "1", modules: [{ Counter }] });
  const out = await world.run(() => world.invoke("c/Counter/a", "add", [3], { key: "k" }));
  console.log(out, world.clock.now, entriesOn(world.agent("c/Counter/a").disk).map((e) => JSON.stringify(e)).join("\n"));
  console.log(world.points.passed.join("\n"), world.upstream.arrivals);
  expect(1).toBe(1);
});
