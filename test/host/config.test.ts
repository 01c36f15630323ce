/** The configuration of a Worker that has a variable which is wrong. */
import { afterEach, expect, test, vi } from "vitest";
import { inspectSource } from "../../src/host/isolates.ts";
import { configOf, misconfiguredOf, settingsOf } from "../../src/host/config.ts";

afterEach(() => vi.restoreAllMocks());

test("the log says once what is wrong, and what is right holds", () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const env = { PERDURE_DIRECTORY_SHARDS: "all", PERDURE_LIMITS: { schedules: 2 } };
  expect(configOf(env)).toMatchObject({ directoryShards: 16, limits: { schedules: 2 } });
  expect(misconfiguredOf(env)).toEqual(["PERDURE_DIRECTORY_SHARDS"]);
  expect(said.mock.calls).toEqual([
    [expect.stringMatching(/^PERDURE_DIRECTORY_SHARDS is "all": write a whole number/)],
  ]);
});

test("of all that is configured an isolate of author code gets the settings of agents only", () => {
  const settings = settingsOf(configOf({ PERDURE_TOKEN: "s3cret" }));
  expect(Object.keys(settings)).toEqual(["limits", "retry", "suspendAfterMs"]);
});

test("code that does not load in the time that is configured is refused", async () => {
  // Code cannot be slow to load but by keeping the whole process busy: here the platform is.
  const entrypoint = { describe: () => new Promise(() => {}) };
  const loader = { load: () => ({ getEntrypoint: () => entrypoint }) } as unknown as WorkerLoader;
  const source = { main: "a.js", modules: { "a.js": "" }, isolation: "agent" } as const;
  expect(await inspectSource(loader, source, 20)).toMatchObject({
    ok: false,
    refusal: {
      code: "invalid-component",
      detail: expect.stringContaining("within 0.02 s") as string,
    },
  });
});
