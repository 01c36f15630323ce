/** semantics 5 and 8: a copy that is updated is the copy, whatever its source has saved. */
import { expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const { api } = await openSite();

const script = `
import { Agent } from "perdure";
export class Sealed extends Agent {
  static snapshots = "disabled";
  touch() { return this.key; }
  saveSnapshot() { return { key: this.key }; }
  loadSnapshot({ key }) { if (key !== this.key) throw new Error(key + " was saved, not " + this.key); }
}
`;

test("what a copy saves, it loads as itself: in a dry run, an update and a recovery", async () => {
  await api.upload("sealed", script);
  const source = agentPath("sealed", "Sealed", "source");
  const copy = agentPath("sealed", "Sealed", "copy");
  await api.result(source, "touch");
  const { revision } = await api.upload("sealed", `${script}\n// another`);
  await api.send("POST", `${source}/fork`, { json: { key: "copy" } });
  const update = (dryRun: boolean) =>
    api.send("POST", `${copy}/update`, { json: { revision, mode: "manual", dryRun } });
  expect((await update(true)).body).toMatchObject({ compatible: true });
  await update(false);
  await until(
    () => api.updates(copy),
    ({ successful }) => successful.length === 1,
  );
  await api.send("POST", `${copy}/snapshot`);
  await api.send("POST", `${copy}/interrupt`, { json: { recover: true } });
  expect(await api.result(copy, "touch")).toBe("copy");
  const kinds = (await api.oplog(copy)).map(({ kind }) => kind);
  expect(kinds).not.toContain("SnapshotRecoveryFailed");
});
