/** sdk.md: what code still does after its invocation has ended leaves no trace in the record. */
import { expect, test } from "vitest";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api } = site;

test("random values drawn after the method has returned are refused, and recovery is sound", async () => {
  const { agent } = await site.place(
    "Leftover",
    `import { Agent } from "perdure";
    export class Leftover extends Agent {
      count = 0;
      id = "none";
      go() {
        Promise.resolve().then(() => { this.id = crypto.randomUUID(); });
        return ++this.count;
      }
      look() { return [this.count, this.id]; }
    }`,
  );
  expect(await api.result(agent, "go")).toBe(1);
  expect(await api.result(agent, "look")).toEqual([1, "none"]);
  const calls = (await api.oplog(agent)).filter(({ kind }) => kind === "Start");
  expect(calls).toEqual([]);
  await site.crash();
  expect(await api.result(agent, "look")).toEqual([1, "none"]);
});
