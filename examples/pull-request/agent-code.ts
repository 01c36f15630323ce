import { readFile } from "node:fs/promises";
import type { Api } from "./api.ts";

const observe = new URL("./observe.js", import.meta.url);
const first = new URL("./revision-1.js", import.meta.url);
const second = new URL("./revision-2.js", import.meta.url);
const third = new URL("./revision-3.js", import.meta.url);

/** The modules of each revision, the main one first. */
const MODULES = { 1: [first, observe], 2: [second, first, observe], 3: [third, observe] } as const;

/** Uploads the code of one revision of the agent, and checks that it became that revision. */
export async function uploadRevision(api: Api, revision: keyof typeof MODULES): Promise<void> {
  const sources = await Promise.all(
    MODULES[revision].map(async (url) => [nameOf(url), await readFile(url, "utf8")] as const),
  );
  const made = await api.upload(nameOf(MODULES[revision][0]), Object.fromEntries(sources));
  if (made !== revision) throw new Error(`The upload became revision ${made}, not ${revision}.`);
}

function nameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
}
