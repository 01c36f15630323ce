/** Sdk: a read-only method of an agent that stands still is answered by an instance that is not the agent. */
import { expect, test } from "vitest";
import { Scene } from "./support/scene.ts";

test("an automatic snapshot that the code in force cannot load is passed over, without a trace", async () => {
  const duringLoad = (): void => {
    throw new Error("too old for me");
  };
  const scene = new Scene([{ snapshots: { everyInvocations: 2 } }, { duringLoad }]);
  await scene.play(async () => {
    for (const item of ["a", "b"]) await scene.invoke("add", item);
    await scene.pause();
    expect(await scene.update("automatic", 2)).toBe("successful");
    await scene.enqueue("send", "c");
    await scene.pause();
    await scene.ask((runtime) => runtime.interrupt(false));
    const { kinds } = scene;
    expect(kinds).toContain("Snapshot");
    expect(await scene.invoke("list")).toEqual(["a", "b"]);
    expect(scene.loads).toEqual([{ by: 2, savedBy: 1, found: 0 }]);
    expect(scene.kinds).toEqual(kinds);
    await scene.ask((runtime) => runtime.resume());
    expect(await scene.invoke("add", "d")).toBe(4);
  });
});
