/** Semantics 9: in every state with work outstanding an alarm is armed. Scenes hold all runs to it. */
import { expect, test } from "vitest";
import { Scene } from "./support/scene.ts";

test("a revert to where an automatic snapshot was due arms the alarm with it, also when the policy is not in memory", async () => {
  const scene = new Scene([{ snapshots: { everyInvocations: 2 } }]);
  await scene.play(async () => {
    for (const item of ["a", "b"]) await scene.invoke("add", item);
    await scene.pause();
    const toIndex = scene.kinds.indexOf("Snapshot");
    await scene.invoke("add", "c");
    scene.kill();
    await scene.ask((runtime) => runtime.revert({ toIndex }));
    scene.kill();
    await scene.pause();
    expect(scene.kinds.slice(-2)).toEqual(["Revert", "Snapshot"]);
  });
});
