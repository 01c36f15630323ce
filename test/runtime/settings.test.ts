/** Replay follows the record, whatever is configured by then: nothing diverges, nothing is lost. */
import { describe, expect, test } from "vitest";
import type { Limits } from "../../src/core/limits.ts";
import { defaultSettings, type Settings } from "../../src/core/settings.ts";
import { Auditor } from "./support/auditor.ts";
import { entriesOn } from "./support/disk.ts";
import { Agent, agent, createPromise, fetch, sleep, step } from "./support/guest.ts";
import { UPSTREAM } from "./support/upstream.ts";
import { World } from "./support/world.ts";

const NAME = "probes/Probe/one";
const AMOUNT = 500;

/** What comes of it, or the code of the error. */
async function outcomeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

class Probe extends Agent {
  static snapshots: unknown = "disabled";
  seen: unknown[] = [];

  #note(outcome: unknown): unknown {
    this.seen.push(outcome);
    return outcome;
  }

  returned(amount: number): string {
    this.seen.push("called");
    return "x".repeat(amount);
  }

  async told(amount: number): Promise<unknown> {
    const other = agent("Probe", "two") as unknown as { length(text: string): Promise<number> };
    return this.#note(await outcomeOf(() => other.length("x".repeat(amount))));
  }

  async sent(amount: number): Promise<unknown> {
    const init = { method: "POST", body: "x".repeat(amount) };
    const sending = async () => (await fetch(`${UPSTREAM}/sent`, init)).status;
    return this.#note(await outcomeOf(sending));
  }

  async stepped(amount: number): Promise<unknown> {
    const text = outcomeOf(() => step("made", () => "x".repeat(amount)));
    return this.#note(String(await text).length === amount ? "made" : await text);
  }

  async toldTwice(amount: number): Promise<unknown> {
    await this.told(amount);
    await sleep(5_000);
    return this.told(amount);
  }

  length(text: string): number {
    return text.length;
  }

  list(): unknown[] {
    return this.seen;
  }

  async slept(ms: number): Promise<string> {
    await sleep(ms);
    return "awake";
  }

  async approved(): Promise<unknown> {
    const promise = createPromise();
    await fetch(`${UPSTREAM}/approval?approve=${promise.id}&agent=${this.address}&later=20000`);
    return promise.wait();
  }

  async fetched(broken: number): Promise<number> {
    return (await fetch(`${UPSTREAM}/fetched?broken=${broken}`)).status;
  }
}

class Saving extends Probe {
  static override snapshots = { everyInvocations: 1 };
}

function limited(limits: Partial<Limits>): Settings {
  return { ...defaultSettings, limits: { ...defaultSettings.limits, ...limits } };
}

/** An agent whose process can be replaced by one that runs by other settings. */
class Probed {
  readonly #auditor = new Auditor();
  readonly #world: World;
  #asked = 0;

  constructor(settings: Settings, type: typeof Probe = Probe) {
    this.#world = new World({
      seed: "settings",
      modules: [{ Probe: type }],
      crashed: this.#auditor.crashed,
      stored: this.#auditor.stored,
    });
    this.#world.settings = settings;
  }

  async play(script: () => Promise<void>): Promise<void> {
    await this.#world.run(script);
    this.#auditor.balance(this.#world);
  }

  /** Its result, or the code of the refusal or of what it threw. */
  async invoke(method: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#asked += 1;
    const key = `asked-${this.#asked}`;
    const answer = await this.#world.invoke(NAME, method, args, { key });
    if (answer.ok) return answer.value.result;
    const { code, members } = answer.refusal;
    return members?.authorCode ?? code;
  }

  async enqueue(method: string, ...args: readonly unknown[]): Promise<string | undefined> {
    this.#asked += 1;
    const request = { key: `asked-${this.#asked}`, mode: "enqueue" } as const;
    const answer = await this.#world.invoke(NAME, method, args, request);
    return answer.ok ? undefined : answer.refusal.code;
  }

  pause(ms: number): Promise<void> {
    return this.#world.clock.pause(ms);
  }

  /** The next process runs by these. */
  restart(settings: Settings): void {
    this.#world.settings = settings;
    this.#world.kill(this.#world.agent(NAME));
  }

  get kinds(): readonly string[] {
    return entriesOn(this.#world.agent(NAME).disk).map(({ entry }) => entry.kind);
  }
}

const strict = limited({
  requestBodyBytes: 100,
  resultBytes: 100,
  recordedBodyBytes: 100,
  snapshotBytes: 10,
});

describe("what an invocation came to under its limits it comes to in replay", () => {
  test.each([
    ["returned", "x".repeat(AMOUNT)],
    ["told", AMOUNT],
    ["sent", 200],
    ["stepped", "made"],
  ])("%s", async (method, allowed) => {
    for (const [before, after, expected] of [
      [defaultSettings, strict, [allowed, "payload-too-large"]],
      [strict, defaultSettings, ["payload-too-large", allowed]],
    ] as const) {
      const probed = new Probed(before);
      await probed.play(async () => {
        expect(await probed.invoke(method, AMOUNT)).toEqual(expected[0]);
        const seen = await probed.invoke("list");
        probed.restart(after);
        expect(await probed.invoke("list")).toEqual(seen);
        expect(await probed.invoke(method, AMOUNT)).toEqual(expected[1]);
        probed.restart(before);
        expect(await probed.invoke("list")).toHaveLength(2);
      });
    }
  });

  test("one that is unfinished keeps the limits with which it began", async () => {
    const probed = new Probed(defaultSettings);
    await probed.play(async () => {
      const told = probed.invoke("toldTwice", AMOUNT);
      await probed.pause(1_000);
      probed.restart(strict);
      expect(await told).toBe(AMOUNT);
      expect(await probed.invoke("list")).toEqual([AMOUNT, AMOUNT]);
    });
  });
});

test("requests that were accepted under a larger limit all run", async () => {
  const probed = new Probed(defaultSettings);
  await probed.play(async () => {
    const busy = probed.invoke("slept", 5_000);
    await probed.pause(100);
    for (let at = 0; at < 5; at++) expect(await probed.enqueue("told", at)).toBeUndefined();
    probed.restart(limited({ pendingInvocations: 2 }));
    expect(await probed.enqueue("told", 5)).toBe("queue-full");
    expect(await busy).toBe("awake");
    await probed.pause(1_000);
    expect(await probed.invoke("list")).toEqual([0, 1, 2, 3, 4]);
  });
});

test("a snapshot that was saved under a larger limit is loaded", async () => {
  const probed = new Probed(defaultSettings, Saving);
  await probed.play(async () => {
    await probed.invoke("told", AMOUNT);
    await probed.pause(100);
    expect(probed.kinds).toContain("Snapshot");
    probed.restart(strict);
    expect(await probed.invoke("list")).toEqual([AMOUNT]);
    expect(probed.kinds).not.toContain("SnapshotRecoveryFailed");
  });
});

describe("a wait that began under another threshold ends when it should", () => {
  const patient = { ...defaultSettings, suspendAfterMs: 600_000 };
  const eager = { ...defaultSettings, suspendAfterMs: 1 };

  test.each([
    ["parked, and goes on in memory", eager, patient],
    ["in memory, and is parked", patient, eager],
  ])("%s", async (_, before, after) => {
    for (const method of ["slept", "approved"]) {
      const probed = new Probed(before);
      await probed.play(async () => {
        const over = probed.invoke(method, 30_000);
        await probed.pause(500);
        expect(probed.kinds.includes("Suspend")).toBe(before === eager);
        probed.restart(after);
        expect(await over).toBe(method === "slept" ? "awake" : "approved");
        expect(probed.kinds.includes("Suspend")).toBe(true);
      });
    }
  });
});

describe("tries that were counted under another policy count", () => {
  const calm = { ...defaultSettings.retry, initialMs: 1_000, factor: 1, jitter: 0 };

  test.each([
    ["one with fewer of them makes the next the last", 10, 2, 5, "invocation-failed", 2],
    ["one with more of them goes on", 3, 10, 5, 200, 5],
  ])("%s", async (_, before, after, broken, outcome, errors) => {
    const by = (attempts: number): Settings => ({
      ...defaultSettings,
      retry: { ...calm, attempts },
    });
    const probed = new Probed(by(before));
    const countErrors = () => probed.kinds.filter((kind) => kind === "Error").length;
    await probed.play(async () => {
      const fetched = probed.invoke("fetched", broken);
      await probed.pause(1_500);
      expect(countErrors()).toBe(2);
      probed.restart(by(after));
      expect(await fetched).toBe(outcome);
      expect(countErrors()).toBe(errors);
      expect(await probed.invoke("list")).toEqual([]);
    });
  });
});
