/** What the fuzz finds on the server: agents in every state. Of some an awaited call might never be answered. */
import { agentPath, type Api } from "../api.ts";
import { until } from "../until.ts";
import type { Known } from "./requests.ts";

const code = (add: string) => `
  import { Agent, AgentError, RetryableError, createPromise, sleep } from "perdure";

  const text = { "~standard": { version: 1, vendor: "fuzz",
    validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] },
    jsonSchema: { input: () => ({ type: "string" }) } } };

  export class Subject extends Agent {
    static methods = {
      total: { readOnly: true },
      cheat: { readOnly: true },
      checked: { input: [text] },
    };
    sum = 0;
    add(amount) { ${add} }
    echo(...args) { return args; }
    checked(value) { return value; }
    total() { return this.sum; }
    cheat() { this.sum++; }
    promise() { this.made ??= createPromise(); return this.made.id; }
    fail() { throw new Error("as it does"); }
    teapot() { throw new AgentError("short and stout", { status: 418, code: "teapot", details: [1] }); }
    async nap() { await sleep(20); }
    async forever() { await sleep("10d"); }
    again() { throw new RetryableError("not yet", { afterMs: 3_600_000 }); }
  }

  export class Stillborn extends Agent {
    onCreate() { throw new Error("never was"); }
    run() {}
  }`;

/** Makes a component with two revisions and an agent in each status. Gives what an operation is to be asked about. */
export async function populate(api: Api): Promise<(operation: string) => Known> {
  await api.upload("fuzz", code("this.sum += Number(amount); return this.sum;"));
  const path = (key: string, type = "Subject") => agentPath("fuzz", type, key);
  for (const key of ["idle", "other", "kéy/🗝"]) await api.result(path(key), "add", 1);
  await api.invoke(path("idle"), "add", { args: [1], key: "known" });
  const promise = await api.result(path("idle"), "promise");
  const schedule = await api.send<{ id: string }>("POST", `${path("idle")}/schedules`, {
    json: { cron: "@yearly", method: "add", args: [1] },
  });
  await api.send("POST", `${path("idle")}/snapshot`);
  await api.invoke(path("sleeping"), "forever", { key: "known", query: "?mode=enqueue" });
  await api.invoke(path("retrying"), "again", { key: "known", query: "?mode=enqueue" });
  await api.invoke(path("stopped"), "add", { args: [1] });
  await api.send("POST", `${path("stopped")}/interrupt`);
  await api.send("PUT", path("failed", "Stillborn"));
  await api.upload("fuzz", code("this.sum += Number(amount); return String(this.sum);"));
  const rollout = await api.send<{ id: string }>("POST", "/v1/components/fuzz/rollouts", {
    json: { revision: 2, mode: "automatic", dryRun: true, prefix: "other" },
  });
  await until(
    () => api.agent(path("retrying")),
    ({ status }) => status === "retrying",
  );
  const known = {
    component: ["fuzz"],
    type: ["Subject", "Subject", "Subject", "Stillborn"],
    method: ["add", "echo", "checked", "total", "cheat", "promise", "fail", "teapot", "nap"],
    idempotencyKey: ["known"],
    "Idempotency-Key": ["known", "one", "two"],
    promiseId: [promise as string],
    scheduleId: [schedule.body.id],
    rollout: [rollout.body.id],
    revision: ["1", "2"],
    index: ["1", "2", "7", "8"],
    wait: ["0", "0.1"],
    prefix: ["", "k", "idle"],
  };
  const free = ["idle", "other", "kéy/🗝", "stopped", "failed", "new"];
  const all = { ...known, key: [...free, "sleeping", "retrying"] };
  const quick = { ...known, key: free };
  const particular: Readonly<Record<string, Known>> = {
    invoke: quick,
    updateAgent: quick,
    createAgent: quick,
    deleteAgent: { ...known, key: ["other", "new"] },
    uploadRevision: { ...known, component: ["uploads"], "text/javascript": [code("return 1;")] },
  };
  return (operation) => particular[operation] ?? all;
}
