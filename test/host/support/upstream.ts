/**
 * The world outside of programmed agents: it answers by what the URL asks for. `ms`: how long it
 * takes; `broken`: how many of the first arrivals of a request break off; `busy`: how many are
 * answered with 503; `approve`: the promise of the caller that is completed a while later.
 */
import { afterEach, beforeEach, vi } from "vitest";
import { api } from "./host.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function approve(asked: URLSearchParams): Promise<void> {
  const [agent, id] = [asked.get("agent"), asked.get("approve")];
  if (agent === null || id === null) return;
  await pause(Number(asked.get("later")));
  const url = `${api.url}/v1/agents/${agent}/promises/${id}`;
  const headers = { "content-type": "application/json" };
  const { status } = await api.fetch(url, { method: "POST", headers, body: "true" });
  // An attempt that began anew has left its promise behind.
  if (status !== 200 && status !== 404) throw new Error(`the approval was answered ${status}`);
}

/** Answers all requests of the present test: nothing leaves the process. */
export function upstreamForTests(): void {
  const seen = new Map<string, number>();
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    const { method = "GET", body } = init;
    const { searchParams: asked, pathname } = new URL(url);
    const key = new Headers(init.headers).get("idempotency-key");
    await pause(Number(asked.get("ms") ?? 1));
    const nth = (seen.get(`${method} ${url} ${key}`) ?? 0) + 1;
    seen.set(`${method} ${url} ${key}`, nth);
    if (nth <= Number(asked.get("broken") ?? 0)) throw new Error("the connection broke off");
    if (nth <= Number(asked.get("busy") ?? 0)) return new Response("busy", { status: 503 });
    void approve(asked);
    return new Response(`${method} ${pathname} ${typeof body === "string" ? body : ""}`);
  };
  beforeEach(() => void vi.stubGlobal("fetch", answer));
  afterEach(() => void vi.unstubAllGlobals());
}
