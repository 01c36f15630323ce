/** An agent that fetches in every way. Each method keeps what it gave, to be compared with a replay. */
export const fetchAgents = `
  import { Agent, sleep, step } from "perdure";

  const nameOf = (promise) => promise.then(() => "none", (error) => error?.name ?? error);
  const echo = async (...given) => (await fetch(...given)).json();
  const bytes = Uint8Array.from([0, 255, 128, 13, 10]);
  const streamOf = (...words) => new ReadableStream({
    start(controller) { for (const word of words) controller.enqueue(new TextEncoder().encode(word)); controller.close(); },
  });

  const ways = {
    async kinds(url) {
      const to = url + "/echo/kinds";
      const own = () => new Request(to, { method: "POST", body: "mine", headers: { "content-type": "text/x-own" } });
      return {
        text: await echo(to, { method: "POST", body: "grün?" }),
        search: await echo(to, { method: "POST", body: new URLSearchParams({ a: "1", b: "\\u00e9" }) }),
        buffer: await echo(to, { method: "PUT", body: bytes.buffer }),
        view: await echo(to, { method: "PATCH", body: bytes.subarray(1, 3) }),
        blob: await echo(to, { method: "POST", body: new Blob([bytes], { type: "text/x-blob" }) }),
        stream: await echo(to, { method: "POST", body: streamOf("one", " ", "two"), duplex: "half" }),
        request: await echo(own()),
        overridden: await echo(own(), { method: "PUT", body: "other", headers: { "content-type": "text/x-own" } }),
      };
    },
    async form(url) {
      const form = new FormData();
      form.append("a", "1");
      form.append("file", new Blob(["inside"], { type: "text/x" }), "name.txt");
      return echo(url + "/echo/form", { method: "POST", body: form });
    },
    async bodyOnGet(url) { return [await nameOf(fetch(url + "/echo/get", { body: "x" })), 0]; },
    async readers(url) {
      const get = () => fetch(url + "/form/1");
      const cloned = await get();
      const copy = cloned.clone();
      const used = await get();
      const before = used.bodyUsed;
      await used.text();
      let streamed = "";
      for await (const chunk of (await get()).body) streamed += new TextDecoder().decode(chunk);
      const blob = await (await get()).blob();
      let cloneUsed = "none";
      try { used.clone(); } catch (error) { cloneUsed = error.name; }
      return {
        text: await (await get()).text(),
        form: [...(await (await get()).formData())],
        blob: [blob.type, blob.size],
        bytes: (await (await get()).bytes()).length,
        stream: streamed,
        clone: [await cloned.text(), await copy.text(), copy.url === cloned.url],
        twice: await nameOf(used.json()),
        cloneUsed,
        used: [before, used.bodyUsed],
      };
    },
    async bodiless(url) {
      const answers = [await fetch(url + "/status/204"), await fetch(url + "/status/304"), await fetch(url + "/echo/head", { method: "HEAD" })];
      return Promise.all(answers.map(async (answer) => [answer.status, answer.body === null, await answer.text(), answer.headers.get("x-kept")]));
    },
    async plain(url, path) {
      const answer = await fetch(url + path);
      return { text: await answer.text(), encoding: answer.headers.get("content-encoding") };
    },
    large: async (_, url) => (await fetch(url, { method: "POST", body: "x".repeat(8_000_000) })).text(),
    async unread(url, times) {
      const answers = await Promise.all(Array.from({ length: times }, (_, at) => fetch(url + "/echo/unread/" + at)));
      return answers.filter(({ ok }) => ok).length;
    },
    async cookies(url) {
      const headers = new Headers([["x-many", "1"], ["x-many", "2"], ["cookie", "c=3; d=4"]]);
      const answer = await fetch(url + "/cookies/now", { headers });
      return { cookies: answer.headers.getSetCookie(), twice: answer.headers.get("x-twice") };
    },
    async follow(url, path, method) {
      const answer = await fetch(url + path, { method, body: "sent" });
      return { redirected: answer.redirected, url: answer.url, body: await answer.json() };
    },
    async strict(url, path) {
      const manual = await fetch(url + path, { redirect: "manual" });
      const request = new Request(url + path, { redirect: "error" });
      const clone = new Request(request).clone();
      return {
        manual: [manual.status, manual.headers.get("location"), manual.redirected],
        error: await nameOf(fetch(url + path, { redirect: "error" })),
        request: [request.redirect, await nameOf(fetch(request))],
        clone: [clone.redirect, await nameOf(fetch(clone))],
      };
    },
    loop: (url) => nameOf(fetch(url + "/loop/1")),
    async abortedBefore(url) {
      const to = url + "/echo/aborted";
      return [
        await nameOf(fetch(to, { signal: AbortSignal.abort("why") })),
        await nameOf(fetch(new Request(to, { signal: AbortSignal.abort("why") }))),
        await nameOf(fetch(to, { signal: AbortSignal.abort() })),
      ];
    },
    async abortOpen(url, path) {
      const controller = new AbortController();
      let isEarly = true;
      const failed = nameOf(fetch(url + path, { signal: controller.signal, method: "POST", body: "x" }));
      await sleep(30);
      setTimeout(() => { isEarly = false; }, 0);
      controller.abort("why");
      return [await failed, isEarly];
    },
    async abortThenHold(url, path, hold) {
      const controller = new AbortController();
      const failed = nameOf(fetch(url + path, { signal: controller.signal, method: "POST", body: "x" }));
      await sleep(30);
      controller.abort("why");
      return [await failed, await (await fetch(url + hold)).text()];
    },
    abortInStep: (url, path, closed) => step("abort", async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort("why"), 50);
      const failed = await nameOf(fetch(url + path, { signal: controller.signal }));
      return [failed, await (await fetch(url + closed)).text()];
    }),
    async abortRequest(url, path) {
      const controller = new AbortController();
      const failed = nameOf(fetch(new Request(url + path, { signal: controller.signal })));
      await sleep(30);
      controller.abort();
      return failed;
    },
    async abortAfter(url) {
      const controller = new AbortController();
      const answer = await fetch(url + "/echo/after", { method: "POST", signal: controller.signal });
      controller.abort();
      return (await answer.json()).method;
    },
    async abortBody(url) {
      const controller = new AbortController();
      const failed = nameOf(fetch(url + "/echo/body", { method: "POST", signal: controller.signal, body: new ReadableStream({}) }));
      controller.abort("why");
      return failed;
    },
  };

  export class Fetcher extends Agent {
    kept = null;
    last() { return this.kept; }
  }
  for (const [name, way] of Object.entries(ways)) {
    Fetcher.prototype[name] = async function (...args) { return (this.kept = await way(...args)); };
  }`;
