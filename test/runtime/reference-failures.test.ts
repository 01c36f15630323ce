/**
 * Semantics 5: what the reference system has failed at, each by its name. Here on a virtual clock;
 * test/host has evictions and test/e2e kills of the real thing.
 */
import { describe, expect, test } from "vitest";
import { isolateDies, processDies, type Crash } from "./support/crashing.ts";
import { Scene, type Parts } from "./support/scene.ts";

const plain: Parts = {};
/** No history with an `add` of a plain revision agrees with it. */
const other: Parts = { count: (items) => `another count: ${items.length}` };
const everyTwo = { everyInvocations: 2 };
const modes = ["automatic", "manual"] as const;

function refuse(message: string): () => void {
  return () => {
    throw new Error(message);
  };
}

/** All points of a scene, and those at which it is in `what` it is about. */
function pointsOf(scene: Scene): number[] {
  return scene.world.points.passed.map((_, at) => at + 1);
}

describe("pending update enqueued twice", () => {
  /** Whatever can wake an agent wakes it between the request for an update and its conclusion. */
  async function pestered(mode: (typeof modes)[number], crashes: readonly Crash[]) {
    const scene = new Scene([plain, plain], crashes);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      const requested = scene.request(mode, 2);
      const woken = ["b", "c"].map(async (item) => {
        await scene.enqueue("add", item);
        await scene.ask((runtime) => runtime.wake());
      });
      const id = await requested;
      await Promise.all(woken);
      expect(await scene.conclusion(id)).toBe("successful");
      expect(await scene.invoke("add", "d")).toBe(4);
      expect(scene.kindsOf(id)).toEqual(["PendingUpdate", "SuccessfulUpdate"]);
      const requests = scene.record.filter(({ entry }) => JSON.stringify(entry).includes(id));
      expect(requests).toHaveLength(mode === "manual" ? 3 : 2);
    });
    return scene;
  }

  test.each(modes)(
    "never happens to an update that is %s, whatever wakes or kills the agent",
    async (mode) => {
      const points = pointsOf(await pestered(mode, []));
      for (const at of points) await pestered(mode, [processDies(at)]);
    },
  );
});

test("no load after a manual update: each recovery loads its snapshot in a fresh instance", async () => {
  const scene = new Scene([plain, other]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    expect(await scene.update("manual", 2)).toBe("successful");
    const items = ["a"];
    for (const item of ["b", "c", "d"]) {
      const before = scene.loads.length;
      scene.kill();
      items.push(item);
      expect(await scene.invoke("add", item)).toBe(`another count: ${items.length}`);
      expect(scene.loads.slice(before)).toEqual([{ by: 2, savedBy: 1, found: 0 }]);
    }
    scene.kill();
    expect(await scene.invoke("list")).toEqual(items);
    expect(await scene.view()).toMatchObject({ status: "idle", revision: 2 });
  });
});

test("automatic update after a manual one: its trial loads the snapshot, and replays nothing from before it", async () => {
  const scene = new Scene([plain, other, other, { ...other, duringLoad: refuse("not for me") }]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    await scene.update("manual", 2);
    await scene.invoke("add", "b");
    scene.loads.length = 0;
    expect(await scene.update("automatic", 3)).toBe("successful");
    expect(scene.loads).toEqual([{ by: 3, savedBy: 1, found: 0 }]);
    scene.kill();
    expect(await scene.invoke("list")).toEqual(["a", "b"]);
    expect(await scene.update("automatic", 4)).toBe("failed");
    expect(await scene.update("automatic", 1)).toBe("failed");
    expect(await scene.invoke("add", "c")).toBe("another count: 3");
    expect(await scene.view()).toMatchObject({ status: "idle", revision: 3 });
  });
});

test("automatic snapshot after a manual update, then ten restarts: the state is whole each time", async () => {
  const scene = new Scene([plain, { ...other, snapshots: everyTwo }]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    await scene.update("manual", 2);
    await scene.invoke("add", "b");
    await scene.invoke("add", "c");
    await scene.pause();
    const { lastManualUpdateSnapshotIndex: manual, ...view } = await scene.view();
    expect(view.lastAutomaticSnapshotIndex).toBeGreaterThan(manual ?? Number.POSITIVE_INFINITY);
    for (let nth = 0; nth < 10; nth++) {
      scene.loads.length = 0;
      scene.kill();
      expect(await scene.invoke("list")).toEqual(["a", "b", "c"]);
      expect(scene.loads).toEqual([{ by: 2, savedBy: 2, found: 0 }]);
    }
    expect(await scene.view()).toMatchObject({
      status: "idle",
      revision: 2,
      lastManualUpdateSnapshotIndex: manual,
    });
    expect(scene.kinds).not.toContain("SnapshotRecoveryFailed");
  });
});

test("a snapshot taken after an automatic update hides no history: recovery uses it, the next trial does not", async () => {
  const scene = new Scene([plain, { snapshots: everyTwo }, other, plain]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    expect(await scene.update("automatic", 2)).toBe("successful");
    await scene.invoke("add", "b");
    await scene.pause();
    expect(scene.kinds).toContain("Snapshot");
    expect(await scene.view()).toMatchObject({
      skippedRegions: [],
      lastManualUpdateSnapshotIndex: null,
    });
    scene.kill();
    expect(await scene.invoke("list")).toEqual(["a", "b"]);
    expect(scene.loads).toEqual([{ by: 2, savedBy: 2, found: 0 }]);
    // With the history hidden, code that disagrees with it would seem to be good.
    expect(await scene.update("automatic", 3)).toBe("failed");
    expect(await scene.update("automatic", 4)).toBe("successful");
    expect(scene.loads).toHaveLength(1);
    scene.kill();
    expect(await scene.invoke("add", "c")).toBe(3);
  });
});

describe("a trap in a trial", () => {
  test("is a FailedUpdate and nothing else: what runs goes on in the old code", async () => {
    const trapping = { count: refuse("unreachable") };
    const scene = new Scene([plain, trapping]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      await scene.enqueue("send", "b");
      await scene.pause();
      expect(await scene.update("automatic", 2)).toBe("failed");
      expect(scene.kinds.slice(-2)).toEqual(["PendingUpdate", "FailedUpdate"]);
      expect(await scene.view()).toMatchObject({ status: "running", revision: 1 });
      expect(await scene.invoke("add", "c")).toBe(3);
      expect(await scene.invoke("list")).toEqual(["a", "b", "c"]);
      expect(scene.kinds).not.toContain("Error");
    });
  });

  /** Both isolates die: that of the agent, which rests, and that of the trial. */
  async function struck(mode: (typeof modes)[number], crashes: readonly Crash[]) {
    const scene = new Scene([plain, plain], crashes);
    let begun = 0;
    await scene.play(async () => {
      await scene.invoke("add", "a");
      begun = scene.world.points.passed.length;
      const id = await scene.request(mode, 2);
      const hasSucceeded = (await scene.conclusion(id)) === "successful";
      expect(scene.kindsOf(id).filter((kind) => kind !== "PendingUpdate")).toHaveLength(1);
      const revision = hasSucceeded ? 2 : 1;
      expect(await scene.view()).toMatchObject({ status: "idle", revision });
      expect(await scene.invoke("add", "b")).toBe(2);
    });
    return { scene, begun };
  }

  test.each(modes)(
    "that kills the isolates leaves an agent on one of the revisions: %s",
    async (mode) => {
      const { scene, begun } = await struck(mode, []);
      const outcomes = new Set<string>();
      for (const at of pointsOf(scene).filter((point) => point > begun)) {
        const { kinds } = (await struck(mode, [isolateDies(at)])).scene;
        for (const kind of kinds) outcomes.add(kind);
      }
      expect(outcomes).toContain("FailedUpdate");
      expect(outcomes).toContain("SuccessfulUpdate");
    },
  );
});

describe("a hook that never ends holds no agent", () => {
  const never = (): Promise<void> => new Promise(() => {});

  test("semantics 5: loadSnapshot in a trial is a FailedUpdate, and the old revision goes on", async () => {
    const scene = new Scene([plain, { duringLoad: never }]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      expect(await scene.update("manual", 2)).toBe("failed");
      const [failed] = (await scene.view()).updates.failed;
      expect(failed?.detail).toContain("loadSnapshot has not ended within 30 seconds");
      expect(await scene.invoke("add", "b")).toBe(2);
      expect(await scene.view()).toMatchObject({ status: "idle", revision: 1 });
    });
  });

  test("semantics 5: saveSnapshot of a manual update is a FailedUpdate, and a fresh instance goes on", async () => {
    const scene = new Scene([{ duringSave: never }, plain]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      expect(await scene.update("manual", 2)).toBe("failed");
      expect(await scene.invoke("add", "b")).toBe(2);
      expect(await scene.view()).toMatchObject({ status: "idle", revision: 1 });
    });
  });
});

describe("a failed save with a poisoned instance", () => {
  function poison(items: string[]): never {
    items.push("poison");
    throw new Error("nothing to write on");
  }

  test("of a manual update: FailedUpdate, and a fresh instance goes on", async () => {
    const scene = new Scene([{ duringSave: poison }, plain]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      expect(await scene.update("manual", 2)).toBe("failed");
      expect(scene.kinds).not.toContain("PendingUpdate");
      expect(await scene.invoke("add", "b")).toBe(2);
      expect(await scene.view()).toMatchObject({ status: "idle", revision: 1 });
    });
  });

  test("of a snapshot that is asked for: it is refused, and a fresh instance goes on", async () => {
    const scene = new Scene([{ duringSave: poison }]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      expect(await scene.takeSnapshot()).toBe("not-snapshottable");
      expect(await scene.invoke("add", "b")).toBe(2);
    });
  });

  test("of an automatic snapshot: a line in the log, and a fresh instance goes on", async () => {
    const saves: string[][] = [];
    const duringSave = (items: string[]): void => {
      saves.push([...items]);
      if (saves.length === 1) poison(items);
    };
    const scene = new Scene([{ snapshots: everyTwo, duringSave }]);
    await scene.play(async () => {
      for (const item of ["a", "b", "c", "d"]) {
        await scene.invoke("add", item);
        await scene.pause();
      }
      expect(saves).toEqual([
        ["a", "b"],
        ["a", "b", "c", "d"],
      ]);
      expect(scene.kinds.filter((kind) => kind === "Log" || kind === "Snapshot")).toEqual([
        "Log",
        "Snapshot",
      ]);
      expect(await scene.view()).toMatchObject({ status: "idle" });
    });
  });
});

test("a manual base that fails to load later is the end: failed once, no loop, no history from before it, until an update", async () => {
  let hasFaded = false;
  const duringLoad = (): void => {
    if (hasFaded) throw new Error("it has faded");
  };
  const scene = new Scene([plain, { ...other, duringLoad }, other]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    await scene.update("manual", 2);
    await scene.invoke("add", "b");
    hasFaded = true;
    scene.loads.length = 0;
    for (let nth = 0; nth < 3; nth++) {
      scene.kill();
      expect(await scene.invoke("list")).toBe("agent-failed");
      expect(await scene.view()).toMatchObject({
        status: "failed",
        revision: 2,
        lastError: { message: "it has faded" },
      });
    }
    expect(scene.loads).toEqual([{ by: 2, savedBy: 1, found: 0 }]);
    expect(scene.kinds.filter((kind) => kind === "Error")).toHaveLength(1);
    expect(await scene.update("automatic", 3)).toBe("successful");
    expect(await scene.invoke("list")).toEqual(["a", "b"]);
  });
});

describe("an automatic request during a save", () => {
  /** A manual update to revision 2, and an automatic one to 3 while its snapshot is being saved. */
  async function duringSave(scene: Scene): Promise<readonly string[]> {
    await scene.invoke("add", "a");
    const manual = await scene.request("manual", 2);
    await scene.pause();
    expect(scene.kinds.at(-1)).toBe("PendingAgentInvocation");
    const automatic = await scene.request("automatic", 3);
    const concluded = [await scene.conclusion(manual), await scene.conclusion(automatic)];
    for (const id of [manual, automatic]) {
      expect(scene.kindsOf(id).filter((kind) => /^(Success|Fail)/.test(kind))).toHaveLength(1);
    }
    return concluded;
  }

  test("goes first and replays the history; what was saved is loaded after it", async () => {
    const scene: Scene = new Scene([{ duringSave: () => scene.pause(1000) }, other, plain]);
    await scene.play(async () => {
      expect(await duringSave(scene)).toEqual(["successful", "successful"]);
      const conclusions = scene.record.flatMap(({ entry }) =>
        entry.kind === "SuccessfulUpdate" ? [entry.revision] : [],
      );
      expect(conclusions).toEqual([3, 2]);
      scene.kill();
      expect(await scene.invoke("list")).toEqual(["a"]);
      expect(scene.loads.at(-1)).toEqual({ by: 2, savedBy: 1, found: 0 });
      expect(await scene.view()).toMatchObject({ status: "idle", revision: 2 });
    });
  });

  test("that replays nothing it agrees with fails: what was saved for the other update hides no history from it", async () => {
    const scene: Scene = new Scene([{ duringSave: () => scene.pause(1000) }, plain, other]);
    await scene.play(async () => {
      expect(await duringSave(scene)).toEqual(["successful", "failed"]);
      scene.kill();
      expect(await scene.invoke("add", "b")).toBe(2);
    });
  });

  test("is not concluded by the failure of that save", async () => {
    const fail = async (): Promise<void> => {
      await scene.pause(1000);
      throw new Error("nothing to write on");
    };
    const scene: Scene = new Scene([{ duringSave: fail }, plain, plain]);
    await scene.play(async () => {
      expect(await duringSave(scene)).toEqual(["failed", "successful"]);
      expect(await scene.view()).toMatchObject({ status: "idle", revision: 3 });
      expect(await scene.invoke("add", "b")).toBe(2);
    });
  });
});

describe("two pending to the same revision", () => {
  test("in one mode are one: the second is refused", async () => {
    const scene = new Scene([plain, plain]);
    await scene.play(async () => {
      await scene.enqueue("send", "a");
      const id = await scene.request("manual", 2);
      expect(await scene.request("manual", 2)).toBe("update-already-pending");
      expect(await scene.conclusion(id)).toBe("successful");
      expect(scene.kinds.filter((kind) => kind === "PendingUpdate")).toHaveLength(1);
    });
  });

  test("in both modes: the failure of one does not take the other with it", async () => {
    const scene = new Scene([plain, other]);
    await scene.play(async () => {
      await scene.invoke("add", "a");
      await scene.enqueue("send", "b");
      const manual = await scene.request("manual", 2);
      const automatic = await scene.request("automatic", 2);
      expect(await scene.conclusion(automatic)).toBe("failed");
      expect((await scene.view()).updates.pending.map(({ id }) => id)).toEqual([manual]);
      expect(await scene.conclusion(manual)).toBe("successful");
      expect(scene.kindsOf(manual)).toEqual(["PendingUpdate", "SuccessfulUpdate"]);
      expect(await scene.invoke("list")).toEqual(["a", "b"]);
    });
  });
});

test("a revision that does not exist is refused at once, in both modes, and leaves no trace", async () => {
  const scene = new Scene([plain, plain]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    const before = scene.kinds;
    for (const mode of modes) expect(await scene.request(mode, 9)).toBe("revision-not-found");
    scene.kill();
    expect(scene.kinds).toEqual(before);
    expect(await scene.view()).toMatchObject({ status: "idle", updates: { pending: [] } });
    expect(await scene.invoke("add", "b")).toBe(2);
    expect(await scene.update("automatic", 2)).toBe("successful");
  });
});
