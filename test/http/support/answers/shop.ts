/** A component whose agents can be brought to every answer, and requests to a route of the table. */
import type { AgentView } from "../../../../src/core/api/views.ts";
import type { Route } from "../../../../src/http/routing/route.ts";
import { routes } from "../../../../src/http/routes/table.ts";
import { agentPath, type Answer, type Api, type Sent } from "../api.ts";
import { until } from "../until.ts";

const code = (others: string) => `
  import { Agent, createPromise, sleep } from "perdure";

  const text = { "~standard": { version: 1, vendor: "test",
    validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] } } };

  export class Cart extends Agent {
    static methods = { cheat: { readOnly: true }, checked: { input: [text] } };
    sum = 0;
    add(amount = 1) { return (this.sum += amount); }
    cheat() { this.sum++; }
    checked(value) { return value; }
    fail() { throw new Error("as it does"); }
    promise() { return (this.made = createPromise()).id; }
    async rest() { await sleep("1h"); }
  }

  export class Unborn extends Agent {
    async onCreate() { await sleep("1h"); }
  }

  export class Stillborn extends Agent {
    onCreate() { throw new Error("never was"); }
    run() {}
  }
  ${others}`;

/** In the second revision there is no Other. */
const revisions = [code("export class Other extends Agent { run() {} }"), code("")] as const;

/** What fills the path of a route, and what is sent there. */
export interface Asked extends Sent {
  readonly at?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export interface Shop {
  readonly api: Api;
  /** A key that nobody has used. */
  fresh(): string;
  /** A new agent on the latest revision, with one invocation behind it: its key. */
  cart(): Promise<string>;
  /** One in the middle of an invocation with the key `resting`: its key. */
  resting(): Promise<string>;
  untilResting(key: string, type?: string): Promise<void>;
  /** One that has failed: what to ask about it. */
  stillborn(): Promise<Readonly<Record<string, string>>>;
  ask(id: string, asked?: Asked): Promise<Answer>;
  /** The same for the second of two answers: the first one must be a success. */
  asked<Body>(id: string, asked?: Asked): Promise<Body>;
}

function routeOf(id: string): Route {
  const found = routes.find((route) => route.id === id);
  if (found === undefined) throw new Error(`There is no route ${id}.`);
  return found;
}

/** Path and query of a request. */
export function targetOf(id: string, { at = {}, query = "" }: Asked): string {
  const known: Asked["at"] = { component: "shop", type: "Cart", method: "add", ...at };
  const path = routeOf(id).path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(known[name] ?? name),
  );
  return query === "" ? path : `${path}?${query}`;
}

export async function openShop(api: Api): Promise<Shop> {
  for (const revision of revisions) await api.upload("shop", revision);
  let made = 0;
  const shop: Shop = {
    api,
    fresh: () => `k${++made}`,
    async cart() {
      const key = shop.fresh();
      await api.result(agentPath("shop", "Cart", key), "add");
      return key;
    },
    async resting() {
      const key = await shop.cart();
      await shop.asked("invoke", {
        at: { key, method: "rest" },
        query: "mode=enqueue",
        headers: { "idempotency-key": "resting" },
      });
      await shop.untilResting(key);
      return key;
    },
    async untilResting(key, type = "Cart") {
      await until(
        () => api.get<AgentView>(agentPath("shop", type, key)),
        ({ body }) => body.status === "suspended",
      );
    },
    async stillborn() {
      const at = { type: "Stillborn", key: shop.fresh(), method: "run" };
      await shop.asked("createAgent", { at });
      return at;
    },
    ask: (id, asked = {}) => api.send(routeOf(id).verb, targetOf(id, asked), asked),
    async asked<Body>(id: string, asked?: Asked) {
      const answer = await shop.ask(id, asked);
      if (answer.status < 300) return answer.body as Body;
      throw new Error(`${id} answered ${answer.status}: ${answer.text}`);
    },
  };
  return shop;
}
